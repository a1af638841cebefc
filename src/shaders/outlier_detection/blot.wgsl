// The median image read at the places where an exposure's pixels fall, bilinear, by the rules of drizzle's blot:
// a place counts from 0 up to the image's size; beyond the last pixel centre the last pixel's value holds.
// The map is a bicubic polynomial a tile of the exposure, its value an integer base plus a small f32, so that places
// keep 1e-5 of a pixel. One dispatch writes those pixels whose row of the median starts in the given band.
// A thread takes four columns of 16 rows; rows of `blotted` are padded to whole quads.
struct Params {
  size: vec2u,        // of the exposure
  median_size: vec2u, // of the whole median image
  held: vec4u,        // the part of it in bands, NaN beyond: first column and row, columns, rows
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
@group(0) @binding(3) var<storage, read> spans: array<vec4u>; // a strip of 16 rows: quads of threshold.wgsl, first and end quad here
@group(0) @binding(4) var<storage, read_write> blotted: array<vec4f>;

override ALIGNED: bool = true;
const ROWS = 16u;

// A tile's polynomials on four columns: in powers of v = (y - middle) / reach.
struct Columns {
  base: vec2f,
  middle: f32,
  reach: f32,
  x: array<vec4f, 4>,
  y: array<vec4f, 4>,
}

fn on_columns(k: u32, u: vec4f) -> vec4f {
  let c = tiles[k];
  return ((c.w * u + c.z) * u + c.y) * u + c.x;
}

fn columns_of(tile: vec2u, first: u32, middle: vec2f, reach: vec2f) -> Columns {
  let k = (tile.y * params.tiles.x + tile.x) * 9u;
  let u = (vec4f(f32(first)) + vec4f(0.0, 1.0, 2.0, 3.0) - middle.x) / reach.x;
  return Columns(
    vec2f(bitcast<vec4i>(tiles[k]).xy),
    middle.y,
    reach.y,
    array<vec4f, 4>(on_columns(k + 1u, u), on_columns(k + 2u, u), on_columns(k + 3u, u), on_columns(k + 4u, u)),
    array<vec4f, 4>(on_columns(k + 5u, u), on_columns(k + 6u, u), on_columns(k + 7u, u), on_columns(k + 8u, u)),
  );
}

// Tiles of 32 x 32 pixels cut by the map's limits.
fn aligned_columns(at: vec2u) -> Columns {
  let tile = min(at / 32u, params.tiles - 1u);
  let low = max(vec2i(tile * 32u), params.inside.xz);
  let high = min(vec2i(tile * 32u + 31u), params.inside.yw);
  let reach = max(0.5 * vec2f(high - low), vec2f(0.5));
  return columns_of(tile, at.x, 0.5 * vec2f(low + high), reach);
}

struct Places {
  x: vec4f,
  y: vec4f,
}

// One rounding at the end, to the float32 that C makes of a place.
fn places_in(c: Columns, y: u32) -> Places {
  let v = (f32(y) - c.middle) / c.reach;
  return Places(
    c.base.x + (((c.x[3] * v + c.x[2]) * v + c.x[1]) * v + c.x[0]),
    c.base.y + (((c.y[3] * v + c.y[2]) * v + c.y[1]) * v + c.y[0]),
  );
}

// A pixel of a map in pieces of any size.
fn place_in_piece(at: vec2u) -> vec2f {
  let piece = vec2i(vec2f(vec2i(at) - params.inside.xz) / params.step);
  let tile = vec2u(clamp(piece, vec2i(0), vec2i(params.tiles) - 1));
  let middle = vec2f(params.inside.xz) + (vec2f(tile) + 0.5) * params.step;
  let places = places_in(columns_of(tile, at.x, middle, 0.5 * params.step), at.y);
  return vec2f(places.x.x, places.y.x);
}

fn places_in_pieces(at: vec2u) -> Places {
  var places: Places;
  for (var c = 0u; c < 4u; c++) {
    let place = place_in_piece(at + vec2u(c, 0u));
    places.x[c] = place.x;
    places.y[c] = place.y;
  }
  return places;
}

// The median at four places on the image, 0 elsewhere. At the last row or column the neighbour beyond is the pixel itself, with
// weight 0: its value holds.
fn bilinear(at: Places, on: vec4<bool>) -> vec4f {
  let whole_x = floor(at.x);
  let whole_y = floor(at.y);
  let i = vec4u(select(vec4f(f32(params.held.x)), whole_x, on));
  let j = vec4u(select(vec4f(f32(params.band.x)), whole_y, on));
  let last_x = i == vec4u(params.median_size.x - 1u);
  let last_y = j == vec4u(params.median_size.y - 1u);
  let sx = select(at.x - whole_x, vec4f(0.0), last_x);
  let sy = select(at.y - whole_y, vec4f(0.0), last_y);
  let tx = 1.0 - sx;
  let ty = 1.0 - sy;
  let a = (j - params.band.x) * params.held.z + i - params.held.x;
  let b = a + select(vec4u(1u), vec4u(0u), last_x);
  let row = select(vec4u(params.held.z), vec4u(0u), last_y);
  let c = a + row;
  let d = b + row;
  let m00 = vec4f(median[a.x], median[a.y], median[a.z], median[a.w]);
  let m10 = vec4f(median[b.x], median[b.y], median[b.z], median[b.w]);
  let m01 = vec4f(median[c.x], median[c.y], median[c.z], median[c.w]);
  let m11 = vec4f(median[d.x], median[d.y], median[d.z], median[d.w]);
  return tx * ty * m00 + sx * ty * m10 + sy * tx * m01 + sx * sy * m11;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pitch = (params.size.x + 3u) / 4u;
  let span = spans[id.y];
  let q = span.z + id.x;
  if (q >= span.w) { return; }
  let x = 4u * q;
  let start = id.y * ROWS;
  let rows = min(ROWS, params.size.y - start);
  let xs = vec4i(i32(x)) + vec4i(0, 1, 2, 3);
  let inside_x = (xs >= vec4i(params.inside.x)) & (xs <= vec4i(params.inside.y));
  // places that have a value: beyond the last row or column held one would be read
  let low = vec2f(params.held.xy);
  let end = params.held.xy + params.held.zw;
  let high = vec2f(end - select(vec2u(0u), vec2u(1u), end < params.median_size));
  var columns: Columns;
  if (ALIGNED) { columns = aligned_columns(vec2u(x, start)); }
  for (var r = 0u; r < rows; r++) {
    let y = start + r;
    var at: Places;
    if (ALIGNED) { at = places_in(columns, y); } else { at = places_in_pieces(vec2u(x, y)); }
    let inside = inside_x & vec4<bool>(i32(y) >= params.inside.z && i32(y) <= params.inside.w);
    let on_x = (at.x >= vec4f(low.x)) & (at.x < vec4f(high.x));
    let on_y = (at.y >= vec4f(low.y)) & (at.y < vec4f(high.y));
    let placed = inside & on_x & on_y;
    let here = placed & (at.y >= vec4f(f32(params.band.x))) & (at.y < vec4f(f32(params.band.x + params.band.y)));
    let empty = !placed & vec4<bool>(params.first == 1u);
    if (!any(here | empty)) { continue; }
    let o = y * pitch + q;
    var values = vec4f(params.fill);
    if (!all(here | empty)) { values = select(blotted[o], values, empty); }
    if (any(here)) { values = select(values, bilinear(at, here), here); }
    blotted[o] = values;
  }
}
