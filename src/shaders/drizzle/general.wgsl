//!include drizzle/params.wgsl
// Gather for any orientation, ratio and pixfrac: each output pixel clips the quadrilaterals of all input pixels near it.
//
// Record of a tile, six vec4i, as in fast.wgsl with a = di and b = dj counted from the centre of input pixel (I, J), and
//   5: (f32) reach in i and j: input pixels whose centres lie so near the pixel's preimage can overlap; tile x, tile y
//
// MAPPED: corners come from `map`, the position of each input pixel in fixed point, instead of the record's quadratic.
override MAPPED: bool = false;
const NO_POSITION = -2147483647 - 1;

struct Quad {
  a: vec2f, // lower left, lower right, upper right, upper left in input pixels
  b: vec2f,
  c: vec2f,
  d: vec2f,
  valid: bool,
}

// Signed area between the segment from p to q and the x axis, within the unit square.
fn below(p: vec2f, q: vec2f) -> f32 {
  let xa = clamp(p.x, 0.0, 1.0);
  let xb = clamp(q.x, 0.0, 1.0);
  let dx = q.x - p.x;
  let slope = (q.y - p.y) / select(dx, 1.0, abs(dx) < 1e-9);
  let ya = p.y + slope * (xa - p.x);
  let yb = p.y + slope * (xb - p.x);
  let ca = clamp(ya, 0.0, 1.0);
  let cb = clamp(yb, 0.0, 1.0);
  let dy = yb - ya;
  let m = 0.5 * (ca + cb);
  let num = (cb - ca) * m + (max(yb, 1.0) - max(ya, 1.0));
  return (xb - xa) * select(num / dy, m, abs(dy) < 1e-20);
}

// Position of an input pixel relative to the output pixel's lower left corner.
fn mapped_position(i: i32, j: i32, origin: vec2i) -> vec2f {
  return vec2f(map[j * params.in_nx + i] - origin) * params.unit;
}

// drizzle's corner rule in one direction: towards the neighbour on side s, or beyond the border linearly from the other one.
fn step_of(i: i32, s: i32, n: i32) -> vec2f {
  let inside = i + s >= 0 && i + s < n;
  return vec2f(f32(select(i - s, i + s, inside)), select(-params.half_side, params.half_side, inside));
}

fn mapped_corner(i: i32, j: i32, s: i32, t: i32, origin: vec2i) -> vec2f {
  let u = step_of(i, s, params.in_nx);
  let v = step_of(j, t, params.in_ny);
  let p = mapped_position(i, j, origin) * (1.0 - u.y) + mapped_position(i32(u.x), j, origin) * u.y;
  let q = mapped_position(i, i32(v.x), origin) * (1.0 - u.y) + mapped_position(i32(u.x), i32(v.x), origin) * u.y;
  return p * (1.0 - v.y) + q * v.y;
}

fn has_position(i: i32, j: i32) -> bool {
  for (var y = max(j - 1, 0); y <= min(j + 1, params.in_ny - 1); y++) {
    for (var x = max(i - 1, 0); x <= min(i + 1, params.in_nx - 1); x++) {
      if (map[y * params.in_nx + x].x == NO_POSITION) { return false; }
    }
  }
  return true;
}

fn mapped_quad(i: i32, j: i32, X: u32, Y: u32) -> Quad {
  let origin = vec2i(i32(X), i32(Y)) * params.one - vec2i(params.one / 2);
  return Quad(
    mapped_corner(i, j, -1, -1, origin),
    mapped_corner(i, j, 1, -1, origin),
    mapped_corner(i, j, 1, 1, origin),
    mapped_corner(i, j, -1, 1, origin),
    has_position(i, j),
  );
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let record = group.y * params.columns + group.x;
  if (record >= params.count) { return; }
  let at = (params.first + record) * 6u;
  let q0 = tiles[at];
  let q1 = tiles[at + 1u];
  let q2 = bitcast<vec4f>(tiles[at + 2u]);
  let q3 = bitcast<vec4f>(tiles[at + 3u]);
  let q4 = bitcast<vec4f>(tiles[at + 4u]);
  let last = tiles[at + 5u];
  let reach = bitcast<vec4f>(last).xy;
  let jac = vec4f(q1) * params.unit;
  let aa = vec2f(q2.x, q3.x);
  let ab = vec2f(q2.y, q3.y);
  let bb = vec2f(q2.z, q3.z);
  let h = params.half_side;
  let middle = f32(TILE) * 0.5 - 0.5;

  for (var k = lane; k < TILE * TILE; k += LANES) {
    let lx = k % TILE;
    let ly = k / TILE;
    let X = u32(last.z) * TILE + lx;
    let Y = u32(last.w) * TILE + ly;
    if (X - params.x0 >= params.nx || Y < params.y0 || Y >= params.y0 + params.ny) { continue; }
    let rx = f32(lx) - middle - q4.z;
    let ry = f32(ly) - middle - q4.w;
    let u = q2.w * rx + q3.w * ry;
    let v = q4.x * rx + q4.y * ry;
    let i0 = max(i32(ceil(u - reach.x)), -q0.z);
    let i1 = min(i32(floor(u + reach.x)), params.in_nx - 1 - q0.z);
    let j0 = max(i32(ceil(v - reach.y)), -q0.w);
    let j1 = min(i32(floor(v + reach.y)), params.in_ny - 1 - q0.w);
    let base = vec2i(q0.x - i32(lx) * params.one, q0.y - i32(ly) * params.one);
    var sums = Sums(); // said, as a declaration alone is not zeroed again in a loop
    for (var dj = j0; dj <= j1; dj++) {
      for (var di = i0; di <= i1; di++) {
        let i = q0.z + di;
        let j = q0.w + dj;
        let p = (j - params.bottom) * params.pitch + i - params.left;
        let q = j * params.in_nx + i;
        if (!counts(p, q)) { continue; }
        let fa = f32(di);
        let fb = f32(dj);
        var quad: Quad;
        if (MAPPED) {
          quad = mapped_quad(i, j, X, Y);
        } else {
          let fixed = vec2f(base + vec2i(q1.x * di + q1.y * dj, q1.z * di + q1.w * dj));
          // bilinear between pixel centres: a^2 becomes |a|, beyond the border a
          let centre = fixed * params.unit + (aa * fa + ab * fb) * fa + bb * (fb * fb) + h * (aa + bb);
          let ea = h * (jac.xz + 2.0 * fa * aa + fb * ab);
          let eb = h * (jac.yw + fa * ab + 2.0 * fb * bb);
          let twist = h * h * ab;
          let west = select(vec2f(0.0), 2.0 * h * aa, i == 0);
          let east = select(vec2f(0.0), 2.0 * h * aa, i == params.in_nx - 1);
          let south = select(vec2f(0.0), 2.0 * h * bb, j == 0);
          let north = select(vec2f(0.0), 2.0 * h * bb, j == params.in_ny - 1);
          quad = Quad(
            centre - ea - eb + twist - west - south,
            centre + ea - eb - twist - east - south,
            centre + ea + eb + twist - east - north,
            centre - ea + eb - twist - west - north,
            true,
          );
        }
        let low = min(min(quad.a, quad.b), min(quad.c, quad.d));
        let high = max(max(quad.a, quad.b), max(quad.c, quad.d));
        if (!quad.valid || any(high <= vec2f(0.0)) || any(low >= vec2f(1.0))) { continue; }
        let p1 = quad.c - quad.a;
        let p2 = quad.d - quad.b;
        let area = 0.5 * (p1.x * p2.y - p1.y * p2.x);
        let under = below(quad.a, quad.b) + below(quad.b, quad.c) + below(quad.c, quad.d) + below(quad.d, quad.a);
        let overlap = select(under, -under, area > 0.0);
        let inside = all(low >= vec2f(0.0)) && all(high <= vec2f(1.0));
        if (inside) { add(&sums, p, q, 1.0); } else if (overlap > NOISE) { add(&sums, p, q, overlap / abs(area)); }
      }
    }
    put((Y - params.y0) * params.nx + X - params.x0, &sums);
  }
}
