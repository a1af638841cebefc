// A plane of one word but for a part of it, which comes by itself.
struct Params {
  count: u32,  // quads of the plane
  nx: u32,     // its columns
  word: u32,
  part: vec4u, // first column and row of the part, its columns and rows
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> part: array<u32>;
@group(0) @binding(2) var<storage, read_write> plane: array<vec4u>;

fn word_at(x: u32, y: u32) -> u32 {
  let i = x - params.part.x;
  let j = y - params.part.y;
  if (i < params.part.z && j < params.part.w) { return part[j * params.part.z + i]; }
  return params.word;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  // divisions are slow on software drivers: places go on by additions
  let step = vec2u(256u * groups.x % params.nx, 256u * groups.x / params.nx);
  var place = vec2u(4u * id.x % params.nx, 4u * id.x / params.nx);
  for (var q = id.x; q < params.count; q += 64u * groups.x) {
    var words = vec4u(params.word);
    var x = place.x;
    var y = place.y;
    let near_x = x + 3u >= params.part.x && x < params.part.x + params.part.z;
    if ((near_x || x + 3u >= params.nx) && y + 3u >= params.part.y && y < params.part.y + params.part.w) {
      for (var k = 0u; k < 4u; k++) {
        words[k] = word_at(x, y);
        x++;
        if (x == params.nx) {
          x = 0u;
          y++;
        }
      }
    }
    plane[q] = words;
    place += step;
    if (place.x >= params.nx) { place = vec2u(place.x - params.nx, place.y + 1u); }
  }
}
