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
  step: vec2f,        // size of a tile, from inside.x, inside.z on
  fill: f32,
  first: u32,         // 1: this dispatch writes the pixels without a place as well
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tiles: array<vec4f>; // 9 a tile: (base x, base y as i32), 4 x 4 coefficients of x, of y
@group(0) @binding(2) var<storage, read> median: array<f32>;
@group(0) @binding(3) var<storage, read_write> blotted: array<f32>;

fn cubic(at: u32, u: vec4f, v: vec4f) -> f32 {
  return dot(v, vec4f(dot(tiles[at], u), dot(tiles[at + 1u], u), dot(tiles[at + 2u], u), dot(tiles[at + 3u], u)));
}

// base + offset as f32 would hold it: whole part and fraction.
fn as_float(base: i32, offset: f32) -> vec2f {
  let whole = floor(offset);
  let n = base + i32(whole);
  let fraction = offset - whole;
  if (n < 1) { return vec2f(f32(n), fraction); }
  let exponent = 31u - countLeadingZeros(u32(n));
  let units = bitcast<f32>((150u - exponent) << 23u);
  let rounded = round(fraction * units) / units;
  return select(vec2f(f32(n), rounded), vec2f(f32(n + 1), 0.0), rounded >= 1.0);
}

fn pixel(x: u32, y: u32) -> f32 {
  return median[(y - params.band.x) * params.median_size.x + x];
}

fn bilinear(x: vec2f, y: vec2f) -> f32 {
  let ix = u32(x.x);
  let iy = u32(y.x);
  let sx = x.y;
  let tx = 1.0 - sx;
  let sy = y.y;
  let ty = 1.0 - sy;
  let last_x = ix == params.median_size.x - 1u;
  let last_y = iy == params.median_size.y - 1u;
  let f00 = pixel(ix, iy);
  if (last_x && last_y) { return f00; }
  if (last_x) { return ty * f00 + sy * pixel(ix, iy + 1u); }
  if (last_y) { return tx * f00 + sx * pixel(ix + 1u, iy); }
  return tx * ty * f00 + sx * ty * pixel(ix + 1u, iy) + sy * tx * pixel(ix, iy + 1u) + sx * sy * pixel(ix + 1u, iy + 1u);
}

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size.x || id.y >= params.size.y) { return; }
  let i = id.y * params.size.x + id.x;
  let at = vec2i(id.xy);
  let mapped = at.x >= params.inside.x && at.x <= params.inside.y && at.y >= params.inside.z && at.y <= params.inside.w;
  let local = vec2f(at - params.inside.xz) / params.step;
  let tile = clamp(vec2i(local), vec2i(0), vec2i(params.tiles) - 1);
  let u = 2.0 * (local - vec2f(tile)) - 1.0;
  let first = (u32(tile.y) * params.tiles.x + u32(tile.x)) * 9u;
  let base = bitcast<vec4i>(tiles[first]);
  let pu = vec4f(1.0, u.x, u.x * u.x, u.x * u.x * u.x);
  let pv = vec4f(1.0, u.y, u.y * u.y, u.y * u.y * u.y);
  let x = as_float(base.x, cubic(first + 1u, pu, pv));
  let y = as_float(base.y, cubic(first + 5u, pu, pv));
  let size = vec2f(params.median_size);
  if (!mapped || x.x < 0.0 || x.x >= size.x || y.x < 0.0 || y.x >= size.y) {
    if (params.first == 1u) { blotted[i] = params.fill; }
    return;
  }
  let row = u32(y.x);
  if (row < params.band.x || row >= params.band.x + params.band.y) { return; }
  blotted[i] = bilinear(x, y);
}
