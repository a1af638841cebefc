// An invocation takes a word: a bit for each of 32 pixels (or components) in flat order; 8192 pixels a workgroup of 256.
const NUMBERED = 0x80000000u;

fn wordOf(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * 256u + local;
}
