//!include drizzle/params.wgsl
// Gather for pixfrac 1 where each output pixel lies within the 2 x 2 cells around one vertex of the input pixel grid: the
// four overlaps follow from four clamped line integrals, one for each arm of the vertex. One output pixel an invocation: four, whose
// sums were loaded and stored as vec4, took as long on lavapipe and a quarter longer on SwiftShader.
//
// Record of a tile, six vec4i. The arms a and b are the grid directions that point most nearly along +x and +y.
//   0: vertex relative to the tile's first pixel's lower left corner, x and y (fixed point); vertex index I, J
//   1: dx/da, dx/db, dy/da, dy/db (fixed point)
//   2: (f32) x: a^2, ab, b^2 terms; da/dx      3: (f32) y: a^2, ab, b^2 terms; da/dy
//   4: (f32) db/dx, db/dy, vertex relative to the tile's centre
//   5: (f32) 1 / |jacobian| and its slopes along a and b; flags: a runs along I, a ascends, b ascends, tile x (14 bits), tile y

// An integral value below 2^22 as i32: software drivers convert lane by lane otherwise, which took 6 to 20 % of the kernel.
fn whole(v: f32) -> i32 { return bitcast<i32>(v + 12582912.0) - 0x4b400000; }

// Mean of clamp(y, 0, 1) while y runs linearly from ya to yb.
fn mean_clamped(ya: f32, yb: f32) -> f32 {
  let ca = clamp(ya, 0.0, 1.0);
  let cb = clamp(yb, 0.0, 1.0);
  let dy = yb - ya;
  let m = 0.5 * (ca + cb);
  let num = (cb - ca) * m + (max(yb, 1.0) - max(ya, 1.0));
  return select(num / dy, m, abs(dy) < 1e-20);
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
  let q5 = bitcast<vec4f>(last);
  let flags = bitcast<u32>(last.w);
  let along_i = (flags & 1u) != 0u;
  let a_up = (flags & 2u) != 0u;
  let b_up = (flags & 4u) != 0u;
  let x_start = ((flags >> 3u) & 0x3fffu) * TILE;
  let y_start = (flags >> 17u) * TILE;
  let a_stride = select(params.pitch, 1, along_i);
  let b_stride = select(1, params.pitch, along_i);
  let start = q0.zw - vec2i(params.left, params.bottom);
  let a0 = select(start.y, start.x, along_i);
  let b0 = select(start.x, start.y, along_i);
  let one = params.one;
  let unit = params.unit;
  let jac = vec4f(q1) * unit;
  let blank = params.blank;
  let middle = f32(TILE) * 0.5 - 0.5;

  let lx = lane % TILE;
  let X = x_start + lx;
  if (X - params.x0 >= params.nx) { return; }
  let rx = f32(lx) - middle - q4.z;
  for (var ly = lane / TILE; ly < TILE; ly += LANES / TILE) {
    let Y = y_start + ly;
    if (Y < params.y0 || Y >= params.y0 + params.ny) { continue; }
    let ry = f32(ly) - middle - q4.w;
    let fa = round(q2.w * rx + q3.w * ry);
    let fb = round(q4.x * rx + q4.y * ry);
    let ia = whole(fa);
    let ib = whole(fb);
    // the vertex relative to the pixel's lower left corner: affine part exact, quadratic part small
    let ex = q0.x + q1.x * ia + q1.y * ib - i32(lx) * one;
    let ey = q0.y + q1.z * ia + q1.w * ib - i32(ly) * one;
    let x = f32(ex) * unit + (q2.x * fa + q2.y * fb) * fa + q2.z * fb * fb;
    let y = f32(ey) * unit + (q3.x * fa + q3.y * fb) * fa + q3.z * fb * fb;
    let xa = jac.x + 2.0 * q2.x * fa + q2.y * fb;
    let xb = jac.y + q2.y * fa + 2.0 * q2.z * fb;
    let ya = jac.z + 2.0 * q3.x * fa + q3.y * fb;
    let yb = jac.w + q3.y * fa + 2.0 * q3.z * fb;
    // arms: east and west along a, north and south along b
    let xv = clamp(x, 0.0, 1.0);
    let east = (ya + q3.x) / (xa + q2.x);
    let west = (ya - q3.x) / (xa - q2.x);
    let nx = xb + q2.z;
    let ny = yb + q3.z;
    let sx = q2.z - xb;
    let sy = q3.z - yb;
    let north = ny / select(nx, 1.0, abs(nx) < 1e-9);
    let south = sy / select(sx, 1.0, abs(sx) < 1e-9);
    let xn = clamp(x + 2.0 * nx, 0.0, 1.0);
    let xs = clamp(x + 2.0 * sx, 0.0, 1.0);
    let below_east = (1.0 - xv) * mean_clamped(y + east * (xv - x), y + east * (1.0 - x));
    let below_west = xv * mean_clamped(y - west * x, y + west * (xv - x));
    let below_south = (xs - xv) * mean_clamped(y + south * (xv - x), y + south * (xs - x));
    let above_north = (xn - xv) * (1.0 - mean_clamped(y + north * (xv - x), y + north * (xn - x)));
    // areas of the four cells
    let sw = below_west + below_south;
    let se = below_east - below_south;
    let nw = xv - below_west + above_north;
    let ne = 1.0 - xv - below_east - above_north;
    // 1 / |jacobian| at the four cell centres
    let g = q5.x + q5.y * fa + q5.z * fb;
    let ga = 0.5 * q5.y;
    let gb = 0.5 * q5.z;
    // pixel index on either side of the vertex: the vertex index where the arm ascends, else one less
    let va = a0 + select(-ia, ia, a_up);
    let vb = b0 + select(-ib, ib, b_up);
    let pe = select(va - 1, va, a_up) * a_stride;
    let pw = select(va, va - 1, a_up) * a_stride;
    let pn = select(vb - 1, vb, b_up) * b_stride;
    let ps = select(vb, vb - 1, b_up) * b_stride;
    var sums = Sums(); // said, as a declaration alone is not zeroed again in a loop
    // a cell that misses the pixel is read where nothing is: its own data may be NaN
    add(&sums, select(blank, pw + ps, sw > NOISE), 0, sw * (g - ga - gb));
    add(&sums, select(blank, pe + ps, se > NOISE), 0, se * (g + ga - gb));
    add(&sums, select(blank, pw + pn, nw > NOISE), 0, nw * (g - ga + gb));
    add(&sums, select(blank, pe + pn, ne > NOISE), 0, ne * (g + ga + gb));
    put((Y - params.y0) * params.nx + X - params.x0, &sums);
  }
}
