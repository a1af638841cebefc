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
const ROWS = 16u;

// A tile's polynomials on one column: in powers of v = (y - middle) / reach.
struct Column {
  base: vec2f,
  middle: f32,
  reach: f32,
  x: vec4f,
  y: vec4f,
}

fn column_at(at: vec2u) -> Column {
  var tile: vec2u;
  var middle: vec2f;
  var reach: vec2f;
  if (ALIGNED) {
    // 32 x 32 pixels cut by the map's limits
    tile = min(at / 32u, params.tiles - 1u);
    let low = max(vec2i(tile * 32u), params.inside.xz);
    let high = min(vec2i(tile * 32u + 31u), params.inside.yw);
    middle = 0.5 * vec2f(low + high);
    reach = max(0.5 * vec2f(high - low), vec2f(0.5));
  } else {
    let piece = vec2i(vec2f(vec2i(at) - params.inside.xz) / params.step);
    tile = vec2u(clamp(piece, vec2i(0), vec2i(params.tiles) - 1));
    middle = vec2f(params.inside.xz) + (vec2f(tile) + 0.5) * params.step;
    reach = 0.5 * params.step;
  }
  let k = (tile.y * params.tiles.x + tile.x) * 9u;
  let u = (f32(at.x) - middle.x) / reach.x;
  let p = vec4f(1.0, u, u * u, u * u * u);
  return Column(
    vec2f(bitcast<vec4i>(tiles[k]).xy),
    middle.y,
    reach.y,
    vec4f(dot(tiles[k + 1u], p), dot(tiles[k + 2u], p), dot(tiles[k + 3u], p), dot(tiles[k + 4u], p)),
    vec4f(dot(tiles[k + 5u], p), dot(tiles[k + 6u], p), dot(tiles[k + 7u], p), dot(tiles[k + 8u], p)),
  );
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = id.x;
  if (x >= params.size.x) { return; }
  let start = id.y * ROWS;
  let rows = min(ROWS, params.size.y - start);
  let inside_x = i32(x) >= params.inside.x && i32(x) <= params.inside.y;
  var column = column_at(vec2u(x, start));
  for (var r = 0u; r < rows; r++) {
    let y = start + r;
    if (!ALIGNED) { column = column_at(vec2u(x, y)); }
    let v = (f32(y) - column.middle) / column.reach;
    let p = vec4f(1.0, v, v * v, v * v * v);
    // one rounding, to the float32 that C makes of the place
    let place = column.base + vec2f(dot(column.x, p), dot(column.y, p));
    let mapped = inside_x && i32(y) >= params.inside.z && i32(y) <= params.inside.w;
    let i = y * params.size.x + x;
    if (!mapped || any(place < vec2f(0.0)) || any(place >= vec2f(params.median_size))) {
      if (params.first == 1u) { blotted[i] = params.fill; }
      continue;
    }
    let row = u32(place.y);
    if (row >= params.band.x && row < params.band.x + params.band.y) { blotted[i] = bilinear(place); }
  }
}
