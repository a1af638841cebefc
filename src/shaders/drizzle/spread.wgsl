//!include drizzle/params.wgsl
// Gather for drizzle's kernels other than square (cdrizzlebox.c): the weight of an input pixel follows from where its centre lies,
// whatever its shape. Each output pixel looks at all input pixels within the kernel's reach.
//
// Records as in general.wgsl. Distances are compared as fixed-point integers, so that no pixel is lost or taken twice at a boundary.
// MAPPED: centres come from `map` instead of the record's quadratic.
override MAPPED: bool = false;
override KERNEL: u32 = 0u;
const POINT = 0u;
const GAUSSIAN = 1u;
const TURBO = 2u;
const NO_POSITION = -2147483647 - 1;
const TABLE_STEP = 0.003; // drizzle's table of lanczos values
const LAST_ENTRY = 1.5196e-33; // lanczos3 at 3, sin(3 pi) in f64: it counts as a contribution
const PI = 3.14159265358979;

// sin(pi x) / (pi x) to 1e-7; the built-in sin need not be better than 5e-4.
fn sinc(x: f32) -> f32 {
  if (x == 0.0) { return 1.0; }
  let n = round(x);
  let r = PI * (x - n);
  let s = r * r;
  let sine = r * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0 + s * (-1.0 / 39916800.0 + s / 6227020800.0))))));
  return select(sine, -sine, (i32(n) & 1) == 1) / (PI * x);
}

fn high_word(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let low = al * bl;
  let m = ah * bl + (low >> 16u);
  let n = al * bh + (m & 0xffffu);
  return ah * bh + (m >> 16u) + (n >> 16u);
}

// The value of drizzle's table at a distance: its nearest entry, found exactly, as it makes steps of a part in a thousand.
fn lanczos(d: i32) -> f32 {
  let k = (high_word(u32(abs(d)), params.step) + (1u << (params.shift - 33u))) >> (params.shift - 32u);
  let x = f32(k) * TABLE_STEP;
  if (k == 1000u && params.shape == 3.0) { return LAST_ENTRY; }
  if (x >= params.shape) { return 0.0; }
  return sinc(x) * sinc(x / params.shape);
}

// Weight of an input pixel whose centre lies so far from the output pixel's; 0 where it does not matter.
fn share_at(d: vec2i) -> f32 {
  if (KERNEL == POINT) {
    return select(0.0, 1.0, all(d >= vec2i(-params.window)) && all(d < vec2i(params.window)));
  }
  if (any(abs(d) > vec2i(params.window))) { return 0.0; }
  let p = vec2f(d) * params.unit;
  if (KERNEL == GAUSSIAN) { return params.scale * exp(-params.shape * dot(p, p)); }
  if (KERNEL == TURBO) {
    let side = max(vec2f(0.0), min(p + params.shape, vec2f(0.5)) - max(p - params.shape, vec2f(-0.5)));
    return params.scale * side.x * side.y;
  }
  return lanczos(d.x) * lanczos(d.y);
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
  let aa = vec2f(q2.x, q3.x);
  let ab = vec2f(q2.y, q3.y);
  let bb = vec2f(q2.z, q3.z);
  let middle = f32(TILE) * 0.5 - 0.5;
  let half_pixel = vec2i(params.one / 2);

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
    let base = vec2i(q0.x - i32(lx) * params.one, q0.y - i32(ly) * params.one) - half_pixel;
    let centre = vec2i(i32(X), i32(Y)) * params.one;
    var sums = Sums(); // said, as a declaration alone is not zeroed again in a loop
    for (var dj = j0; dj <= j1; dj++) {
      for (var di = i0; di <= i1; di++) {
        let p = (q0.w + dj - params.bottom) * params.pitch + q0.z + di - params.left;
        let q = (q0.w + dj) * params.in_nx + q0.z + di;
        if (!counts(p, q)) { continue; }
        var d: vec2i;
        if (MAPPED) {
          let place = map[q];
          if (place.x == NO_POSITION) { continue; }
          d = place - centre;
        } else {
          let fa = f32(di);
          let fb = f32(dj);
          let bend = (aa * fa + ab * fb) * fa + bb * (fb * fb);
          d = base + vec2i(q1.x * di + q1.y * dj, q1.z * di + q1.w * dj) + vec2i(round(bend * f32(params.one)));
        }
        let share = share_at(d);
        if (share != 0.0) { add(&sums, p, q, share); }
      }
    }
    put((Y - params.y0) * params.nx + X - params.x0, &sums);
  }
}
