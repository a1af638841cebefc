// The background mesh at a pixel: cubic B-spline over box centres, coefficients reflected about the mesh's outer edges.
// mesh holds (background, rms) less pivot; the result is kept within [low, high], the mesh's own range.
struct Mesh { pivot: vec2f, low: vec2f, high: vec2f, nx: u32, ny: u32, boxWidth: u32, boxHeight: u32 }

fn splineWeights(t: f32) -> vec4f {
  let u = 1.0 - t;
  let a = u * u * u / 6.0;
  let d = t * t * t / 6.0;
  let b = (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0;
  return vec4f(a, b, 1.0 - a - b - d, d);
}

fn reflected(i: i32, n: i32) -> i32 {
  let m = select(i, -i - 1, i < 0);
  return clamp(select(m, 2 * n - 1 - m, m >= n), 0, n - 1);
}

fn meshAt(x: u32, y: u32, m: Mesh) -> vec2f {
  let u = (f32(x) + 0.5) / f32(m.boxWidth) - 0.5;
  let v = (f32(y) + 0.5) / f32(m.boxHeight) - 0.5;
  let wx = splineWeights(u - floor(u));
  let wy = splineWeights(v - floor(v));
  var sum = vec2f();
  for (var j = 0; j < 4; j++) {
    let row = reflected(i32(floor(v)) + j - 1, i32(m.ny)) * i32(m.nx);
    var line = vec2f();
    for (var i = 0; i < 4; i++) {
      line += wx[i] * mesh[row + reflected(i32(floor(u)) + i - 1, i32(m.nx))];
    }
    sum += wy[j] * line;
  }
  return clamp(m.pivot + sum, m.low, m.high);
}
