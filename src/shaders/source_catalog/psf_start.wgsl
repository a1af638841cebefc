//!include shared/mask.wgsl
//!include source_catalog/psf_source.wgsl
//!include source_catalog/overlap.wgsl
// Where a PSF fit starts: the flux in a circular aperture and the number of pixels of the box, one thread a source.
struct Params {
  nx: u32,
  ny: u32,
  sources: u32,
  scale: f32,         // nJy per unit of data
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read> sources: array<Source>;
@group(0) @binding(4) var<storage, read_write> fits: array<Fit>;

const APERTURE = 5.0; // pixels

fn count_pixels(source: Source) -> u32 {
  var pixels = 0u;
  for (var b = 0i; b < BOX * BOX; b++) { pixels += select(0u, 1u, usable(source.start + vec2i(b % BOX, b / BOX))); }
  return pixels;
}

// Sum of the unmasked pixels in a circle about the source, nJy.
fn initial_flux(source: Source) -> f32 {
  let reach = i32(APERTURE) + 1i;
  let middle = vec2i(floor(source.at + 0.5));
  var flux = 0.0;
  for (var dy = -reach; dy <= reach; dy++) {
    for (var dx = -reach; dx <= reach; dx++) {
      let offset = middle + vec2i(dx, dy);
      let pixel = source.start + offset;
      if (usable(pixel)) {
        flux += circle_fraction(vec2f(offset) - source.at, APERTURE) * data[u32(pixel.y) * params.nx + u32(pixel.x)];
      }
    }
  }
  return flux * params.scale;
}

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.sources) { return; }
  let source = sources[id.x];
  fits[id.x].flux = initial_flux(source);
  fits[id.x].pixels = count_pixels(source);
  fits[id.x].chi2 = 0.0;
}
