// The median image read at the places where an exposure's pixels fall, bilinear, by the rules of drizzle's blot:
// a place counts from 0 up to the image's size; beyond the last pixel centre the last pixel's value holds.
// The map is a bicubic polynomial a tile of the exposure, its value an integer base plus a small f32, so that places
// keep 1e-5 of a pixel. One dispatch writes those pixels whose row of the median starts in the given band.
struct Params {
  size: vec2u,        // of the exposure
  median_size: vec2u, // of the whole median image
  band: vec2u,        // first row held in `median`, and how many rows this dispatch answers for (one more is held, if there is one)
  tiles: vec2u,
  inside: vec4i,      // first and last x, first and last y for which the map is defined
  step: vec2f,        // unless ALIGNED: size of a tile, from inside.x, inside.z on
  fill: f32,
  first: u32,         // 1: this dispatch writes the pixels without a place as well
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4f>; // 9 a tile: (base x, base y as i32), 4 x 4 coefficients of x, of y
@group(0) @binding(2) var<storage, read> median: array<f32>;
@group(0) @binding(3) var<storage, read_write> blotted: array<f32>;

override ALIGNED: bool = true;

fn cubic(at: u32, u: vec4f, v: vec4f) -> f32 {
  return dot(v, vec4f(dot(tiles[at], u), dot(tiles[at + 1u], u), dot(tiles[at + 2u], u), dot(tiles[at + 3u], u)));
}

fn pixel(x: u32, y: u32) -> f32 {
  return median[(y - params.band.x) * params.median_size.x + x];
}

// At the last row or column the neighbour beyond is the pixel itself, with weight 0: its value holds.
fn bilinear(at: vec2f) -> f32 {
  let whole = floor(at);
  let i = vec2u(whole);
  let next = min(i + 1u, params.median_size - 1u);
  let s = select(at - whole, vec2f(0.0), next == i);
  let t = 1.0 - s;
  return t.x * t.y * pixel(i.x, i.y) + s.x * t.y * pixel(next.x, i.y) + s.y * t.x * pixel(i.x, next.y) +
    s.x * s.y * pixel(next.x, next.y);
}

@compute @workgroup_size(32, 4)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  if (id.x >= params.size.x || id.y >= params.size.y) { return; }
  let i = id.y * params.size.x + id.x;
  let at = vec2i(id.xy);
  let mapped = at.x >= params.inside.x && at.x <= params.inside.y && at.y >= params.inside.z && at.y <= params.inside.w;
  var first: u32;
  var middle: vec2f;
  var reach: vec2f;
  if (ALIGNED) {
    // a tile is 32 x 32 pixels cut by the map's limits, and one for the whole workgroup
    let tile = vec2u(group.x, group.y / 8u);
    let low = max(vec2i(tile * 32u), params.inside.xz);
    let high = min(vec2i(tile * 32u + 31u), params.inside.yw);
    first = (tile.y * params.tiles.x + tile.x) * 9u;
    middle = 0.5 * vec2f(low + high);
    reach = max(0.5 * vec2f(high - low), vec2f(0.5));
  } else {
    let tile = clamp(vec2i(vec2f(at - params.inside.xz) / params.step), vec2i(0), vec2i(params.tiles) - 1);
    first = (u32(tile.y) * params.tiles.x + u32(tile.x)) * 9u;
    middle = vec2f(params.inside.xz) + (vec2f(tile) + 0.5) * params.step;
    reach = 0.5 * params.step;
  }
  let u = (vec2f(at) - middle) / reach;
  let base = bitcast<vec4i>(tiles[first]);
  let pu = vec4f(1.0, u.x, u.x * u.x, u.x * u.x * u.x);
  let pv = vec4f(1.0, u.y, u.y * u.y, u.y * u.y * u.y);
  // one rounding, to the float32 that C makes of the place
  let place = vec2f(base.xy) + vec2f(cubic(first + 1u, pu, pv), cubic(first + 5u, pu, pv));
  if (!mapped || any(place < vec2f(0.0)) || any(place >= vec2f(params.median_size))) {
    if (params.first == 1u) { blotted[i] = params.fill; }
    return;
  }
  let row = u32(place.y);
  if (row < params.band.x || row >= params.band.x + params.band.y) { return; }
  blotted[i] = bilinear(place);
}
