// The PSF as a bicubic spline; the including kernel binds params (stamp, oversampling) and spline, whose element k holds the
// coefficients k to k + 3: one load a row.

// Uniform cubic B-spline weights at t in [0, 1) and their derivatives.
fn weights(t: f32) -> vec4f {
  let s = 1.0 - t;
  return vec4f(s * s * s, 4.0 - 3.0 * t * t * (2.0 - t), 4.0 - 3.0 * s * s * (2.0 - s), t * t * t) / 6.0;
}
fn slopes(t: f32) -> vec4f {
  let s = 1.0 - t;
  return vec4f(-s * s, t * (3.0 * t - 4.0), s * (4.0 - 3.0 * s), t * t) * 0.5;
}

// PSF and its derivatives towards +x and +y of the pixel, at an offset in pixels from the source; 0 beyond the stamp.
fn psf(offset: vec2f) -> vec3f {
  let last = f32(params.stamp - 3u);           // the stamp's samples are 0 .. last
  let p = params.oversampling * offset + 0.5 * last;
  if (any(p < vec2f(0.0)) || any(p > vec2f(last))) { return vec3f(0.0); }
  let cell = min(floor(p), vec2f(last - 1.0));
  let t = p - cell;
  let wx = weights(t.x);
  let sx = slopes(t.x);
  let wy = weights(t.y);
  let sy = slopes(t.y);
  var value = 0.0;
  var along = vec2f(0.0);
  for (var j = 0u; j < 4u; j++) {
    let k = (u32(cell.y) + j) * params.stamp + u32(cell.x);
    let row = spline[k];
    let inner = dot(wx, row);
    value += wy[j] * inner;
    along += vec2f(wy[j] * dot(sx, row), sy[j] * inner);
  }
  return vec3f(value, along * params.oversampling);
}
