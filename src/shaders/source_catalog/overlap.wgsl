// Area of a parallelogram within the unit disc, exactly: Green's theorem, edge by edge. An edge's part inside the disc spans a
// triangle with the centre, its parts outside span sectors. Cross products are taken from the edge's own step, so that small
// pixels on large discs keep their precision.
const PIXEL_RADIUS = 0.70710678;

// atan2 to f32's last bits (polynomial of Cephes' atanf); the built-in is only good to 1e-4 on some drivers.
fn angle_of(y: f32, x: f32) -> f32 {
  let ay = abs(y);
  let ax = abs(x);
  let big = max(ax, ay);
  if (big == 0.0) { return 0.0; }
  var z = min(ax, ay) / big;
  var base = 0.0;
  if (z > 0.41421356) {
    z = (z - 1.0) / (z + 1.0);
    base = 0.78539816;
  }
  let z2 = z * z;
  let poly = ((8.05374449538e-2 * z2 - 1.38776856032e-1) * z2 + 1.99777106478e-1) * z2 - 3.33329491539e-1;
  var angle = base + (poly * z2 * z + z);
  if (ay > ax) { angle = 1.57079633 - angle; }
  if (x < 0.0) { angle = 3.14159265 - angle; }
  return select(angle, -angle, y < 0.0);
}

// Twice the signed area that the edge from p to p + d spans with the origin, within the unit disc.
fn edge_area(p: vec2f, d: vec2f) -> f32 {
  let q = p + d;
  let k = p.x * d.y - p.y * d.x;
  let a = dot(d, d);
  let b = dot(p, d);
  let discriminant = a - k * k;
  var enter = 0.0;
  var leave = 0.0;
  if (discriminant > 0.0) {
    let root = sqrt(discriminant);
    enter = clamp((-b - root) / a, 0.0, 1.0);
    leave = clamp((-b + root) / a, 0.0, 1.0);
  }
  if (leave <= enter) { return angle_of(k, dot(p, q)); }
  var area = (leave - enter) * k;
  if (enter > 0.0) { area += angle_of(enter * k, dot(p, p + d * enter)); }
  if (leave < 1.0) { area += angle_of((1.0 - leave) * k, dot(p + d * leave, q)); }
  return area;
}

// Area within the unit disc of the parallelogram of corner p and sides u, v (u to v counter-clockwise).
fn disc_overlap(p: vec2f, u: vec2f, v: vec2f) -> f32 {
  let twice = edge_area(p, u) + edge_area(p + u, v) + edge_area(p + u + v, -u) + edge_area(p + v, -v);
  return 0.5 * twice;
}

fn times(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// Fraction of the pixel centred at `at` (from the disc's centre) within a disc of radius r: edge by edge as above, each turned to lie
// along +x, in pixels. The sectors' angles add up as those of complex numbers that are multiplied: one arctangent for all.
fn circle_fraction(at: vec2f, r: f32) -> f32 {
  let d2 = dot(at, at);
  let inner = r - PIXEL_RADIUS;
  let outer = r + PIXEL_RADIUS;
  if (inner > 0.0 && d2 < inner * inner) { return 1.0; }
  if (d2 >= outer * outer) { return 0.0; }
  let r2 = r * r;
  let per_r2 = 1.0 / r2;
  var p = at - 0.5;
  var triangles = 0.0;
  var turn = vec2f(1.0, 0.0);
  var apart = true;
  var around = true; // the disc's centre lies within the pixel
  for (var side = 0u; side < 4u; side++) {
    let root = sqrt(max(r2 - p.y * p.y, 0.0));
    let enter = clamp(-p.x - root, 0.0, 1.0);
    let leave = clamp(root - p.x, 0.0, 1.0);
    around = around && p.y < 0.0;
    if (leave <= enter) {
      turn = times(turn, vec2f(dot(p, p + vec2f(1.0, 0.0)), -p.y) * per_r2);
    } else {
      apart = false;
      triangles -= (leave - enter) * p.y;
      if (enter > 0.0) { turn = times(turn, vec2f(dot(p, p + vec2f(enter, 0.0)), -enter * p.y) * per_r2); }
      if (leave < 1.0) {
        turn = times(turn, vec2f((p.x + leave) * (p.x + 1.0) + p.y * p.y, (leave - 1.0) * p.y) * per_r2);
      }
    }
    p = vec2f(p.y, -1.0 - p.x);
  }
  if (apart) { return select(0.0, min(3.14159265 * r2, 1.0), around); }
  // all sectors together are no less than nothing: what is below is rounding, or more than half a turn
  var angle = angle_of(turn.y, turn.x);
  if (angle < select(-1.0, 0.0, around)) { angle += 6.28318531; }
  return clamp(0.5 * (triangles + r2 * angle), 0.0, 1.0);
}

// Fraction of the pixel centred at `at` within an ellipse of semi-axes `axes` whose first axis points along `direction` (cos, sin).
fn ellipse_fraction(at: vec2f, axes: vec2f, direction: vec2f) -> f32 {
  let u = vec2f(direction.x, -direction.y) / axes;
  let v = vec2f(direction.y, direction.x) / axes;
  let centre = at.x * u + at.y * v;
  let d2 = dot(centre, centre);
  let margin = PIXEL_RADIUS / min(axes.x, axes.y);
  if (d2 >= (1.0 + margin) * (1.0 + margin)) { return 0.0; }
  if (margin < 1.0 && d2 <= (1.0 - margin) * (1.0 - margin)) { return 1.0; }
  return clamp(disc_overlap(centre - 0.5 * (u + v), u, v) * axes.x * axes.y, 0.0, 1.0);
}
