//!include shared/mask.wgsl
// Whether a pixel counts for the source of this label: not masked, and not of another source's segment ('mask' of photutils).
fn counts_for(i: u32, label: u32) -> bool {
  let owner = segmentation[i];
  return (owner == 0u || owner == label) && !isMasked(i);
}
