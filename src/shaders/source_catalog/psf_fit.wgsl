//!include shared/mask.wgsl
//!include source_catalog/psf_source.wgsl
//!include source_catalog/psf_value.wgsl
// PSF photometry: one thread fits the fluxes and positions of one group of sources together, by the trust-region method of
// scipy.optimize.least_squares(method="trf") without bounds, on normal equations (the subproblem's solution is the same).
// A source is fitted on its box of up to 5 x 5 pixels; pixels that two boxes of a group share count twice, as in photutils.

struct Params {
  nx: u32,
  ny: u32,
  groups: u32,
  stamp: u32,         // edge of the spline's coefficient array
  oversampling: f32,
  scale: f32,         // nJy per unit of data and err
  first_group: u32,
  first_x: i32,       // the image's pixel that the planes begin with
  first_y: i32,
}
struct Group {
  first: u32,         // its sources are consecutive
  count: u32,
  scratch: u32,       // first word of its scratch
  spare: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> data: array<f32>;
@group(0) @binding(2) var<storage, read> err: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> spline: array<vec4f>;
@group(0) @binding(5) var<storage, read> sources: array<Source>;
@group(0) @binding(6) var<storage, read> groups: array<Group>;
@group(0) @binding(7) var<storage, read_write> scratch: array<f32>;
@group(0) @binding(8) var<storage, read_write> fits: array<Fit>;

const MAX_EVALUATIONS = 100u;
const FTOL = 1e-8;
const XTOL = 1e-7;
const GTOL = 1e-8;
const ROUNDING = 2e-7; // of a pixel's model, data and residual in f32

// A group of one source has what is below in registers; its normal matrix goes to the scratch at the end.
override SINGLE: bool = false;

// A group with n = 3 * count parameters has, in words:
// normal matrix n * n | its Cholesky factor n * n | parameters n | trial n | gradient n | step n | work n
var<private> single: array<f32, 33>;
var<private> group_size: u32;
var<private> base: u32; // of its scratch
var<private> first: u32;
var<private> doubt: f32; // how far the cost may be off: a smaller change of it says nothing

fn held(at: u32) -> f32 {
  if (SINGLE) { return single[at]; }
  return scratch[base + at];
}
fn hold(at: u32, value: f32) {
  if (SINGLE) { single[at] = value; } else { scratch[base + at] = value; }
}
fn size() -> u32 {
  if (SINGLE) { return 3u; }
  return group_size;
}
fn matrix_at(i: u32, j: u32) -> u32 { return i * size() + j; }
fn factor_at(i: u32, j: u32) -> u32 { return (size() + i) * size() + j; }
fn vector_at(which: u32, i: u32) -> u32 { return (2u * size() + which) * size() + i; }
const PARAMETERS = 0u;
const TRIAL = 1u;
const GRADIENT = 2u;
const STEP = 3u;
const WORK = 4u;

// With `which` for an argument indices into `single` would be no constants.
fn parameter(trial: bool, i: u32) -> f32 {
  if (trial) { return held(vector_at(TRIAL, i)); }
  return held(vector_at(PARAMETERS, i));
}

// The pixel's model less its data, over its error, at TRIAL or at PARAMETERS; the latter leaves the row of the Jacobian in WORK.
fn residual(pixel: vec2i, trial: bool) -> f32 {
  let i = u32(pixel.y) * params.nx + u32(pixel.x);
  let sigma = err[i] * params.scale;
  var model = 0.0;
  for (var k = 0u; k < size() / 3u; k++) {
    if (!takes_part(k)) { continue; }
    let position = vec2f(parameter(trial, 3u * k + 1u), parameter(trial, 3u * k + 2u));
    let p = psf(vec2f(pixel - sources[first + k].start) - position);
    let flux = parameter(trial, 3u * k);
    model += flux * p.x;
    if (!trial) {
      hold(vector_at(WORK, 3u * k), p.x / sigma);
      hold(vector_at(WORK, 3u * k + 1u), -flux * p.y / sigma);
      hold(vector_at(WORK, 3u * k + 2u), -flux * p.z / sigma);
    }
  }
  return (model - data[i] * params.scale) / sigma;
}

// A source with fewer pixels than parameters is left out of its group.
fn takes_part(k: u32) -> bool {
  if (SINGLE) { return true; } // main() looks
  return fits[first + k].pixels >= 3u;
}

// Half the sum of squares at TRIAL or at PARAMETERS; of the latter also the normal matrix and the gradient.
fn evaluate(trial: bool) -> f32 {
  if (!trial) {
    for (var i = 0u; i < size() * size(); i++) { hold(i, 0.0); }
    for (var i = 0u; i < size(); i++) {
      hold(vector_at(GRADIENT, i), 0.0);
      hold(vector_at(WORK, i), 0.0);
      if (!takes_part(i / 3u)) { hold(matrix_at(i, i), 1.0); }
    }
  }
  var cost = 0.0;
  doubt = 0.0;
  for (var k = 0u; k < size() / 3u; k++) {
    if (!takes_part(k)) { continue; }
    var chi2 = 0.0;
    for (var b = 0i; b < BOX * BOX; b++) {
      let pixel = sources[first + k].start + vec2i(b % BOX, b / BOX);
      if (!usable(pixel)) { continue; }
      let r = residual(pixel, trial);
      chi2 += r * r;
      let i = u32(pixel.y) * params.nx + u32(pixel.x);
      doubt += ROUNDING * abs(r) * (abs(r) + abs(data[i] / err[i]));
      if (!trial) { accumulate(r); }
    }
    cost += 0.5 * chi2;
    if (!trial) { fits[first + k].chi2 = chi2; }
  }
  return cost;
}

// Add a pixel's row of the Jacobian (in WORK) to the lower half of the normal matrix and to the gradient.
fn accumulate(r: f32) {
  for (var i = 0u; i < size(); i++) {
    let ji = held(vector_at(WORK, i));
    hold(vector_at(GRADIENT, i), held(vector_at(GRADIENT, i)) + ji * r);
    for (var j = 0u; j <= i; j++) { hold(matrix_at(i, j), held(matrix_at(i, j)) + ji * held(vector_at(WORK, j))); }
  }
}

// Cholesky factor of the normal matrix + alpha; false where it is not positive definite to f32.
fn factorise(alpha: f32) -> bool {
  for (var i = 0u; i < size(); i++) {
    for (var j = 0u; j <= i; j++) {
      var sum = held(matrix_at(i, j)) + select(0.0, alpha, i == j);
      let whole = sum;
      for (var k = 0u; k < j; k++) { sum -= held(factor_at(i, k)) * held(factor_at(j, k)); }
      if (i == j) {
        if (!(sum > 1e-6 * whole)) { return false; }
        hold(factor_at(i, i), sqrt(sum));
      } else {
        hold(factor_at(i, j), sum / held(factor_at(j, j)));
      }
    }
  }
  return true;
}

// STEP = -(matrix + alpha)^-1 gradient, given the factor; returns its length.
fn solve() -> f32 {
  for (var i = 0u; i < size(); i++) {
    var sum = -held(vector_at(GRADIENT, i));
    for (var k = 0u; k < i; k++) { sum -= held(factor_at(i, k)) * held(vector_at(STEP, k)); }
    hold(vector_at(STEP, i), sum / held(factor_at(i, i)));
  }
  for (var back = 0u; back < size(); back++) {
    let i = size() - 1u - back;
    var sum = held(vector_at(STEP, i));
    for (var k = i + 1u; k < size(); k++) { sum -= held(factor_at(k, i)) * held(vector_at(STEP, k)); }
    hold(vector_at(STEP, i), sum / held(factor_at(i, i)));
  }
  return length_of(STEP);
}

fn length_of(which: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < size(); i++) { let v = held(vector_at(which, i)); sum += v * v; }
  return sqrt(sum);
}

// d|STEP|/dalpha: -|L^-1 step|^2 / |step|.
fn length_slope(step_length: f32) -> f32 {
  var square = 0.0;
  for (var i = 0u; i < size(); i++) {
    var sum = held(vector_at(STEP, i));
    for (var k = 0u; k < i; k++) { sum -= held(factor_at(i, k)) * held(vector_at(WORK, k)); }
    let y = sum / held(factor_at(i, i));
    hold(vector_at(WORK, i), y);
    square += y * y;
  }
  return -square / step_length;
}

// Leaves in STEP the step within the trust radius and returns the damping that gives it (scipy _lsq/common.py
// solve_lsq_trust_region). The first turn tries the Newton step; one call site of each helper keeps the code small.
fn trust_region_step(radius: f32, initial_alpha: f32) -> f32 {
  var lower = 0.0;
  let upper_start = length_of(GRADIENT) / radius;
  var upper = upper_start;
  var alpha = 0.0;
  var step_length = 0.0;
  var last = false;
  for (var turn = 0u; turn < 12u; turn++) {
    let regular = factorise(max(alpha, 0.0));
    if (regular) { step_length = solve(); }
    if (last) { break; }
    let phi = step_length - radius;
    let slope = length_slope(step_length);
    if (turn == 0u) {
      if (regular && phi <= 0.0) { return 0.0; }
      lower = select(0.0, -phi / slope, regular);
      alpha = initial_alpha;
      if (!regular && alpha == 0.0) { alpha = max(0.001 * upper, sqrt(lower * upper)); }
    } else if (!regular) {
      lower = max(lower, alpha);
      alpha = 2.0 * alpha + 1e-30;
      continue;
    } else {
      if (phi < 0.0) { upper = alpha; }
      let ratio = phi / slope;
      lower = max(lower, alpha - ratio);
      alpha -= (phi + radius) * ratio / radius;
      last = abs(phi) < 0.01 * radius || turn == 10u;
    }
    if (!last && (alpha < lower || alpha > upper)) { alpha = max(0.001 * upper, sqrt(lower * upper)); }
  }
  let shrink = radius / max(step_length, 1e-30);
  for (var i = 0u; i < size(); i++) { hold(vector_at(STEP, i), held(vector_at(STEP, i)) * shrink); }
  return alpha;
}

// Reduction of the quadratic model along STEP.
fn predicted_reduction() -> f32 {
  var linear = 0.0;
  var quadratic = 0.0;
  for (var i = 0u; i < size(); i++) {
    let p = held(vector_at(STEP, i));
    linear += p * held(vector_at(GRADIENT, i));
    for (var j = 0u; j < i; j++) { quadratic += 2.0 * p * held(matrix_at(i, j)) * held(vector_at(STEP, j)); }
    quadratic += p * p * held(matrix_at(i, i));
  }
  return -(linear + 0.5 * quadratic);
}

// Length of the parameter vector with positions counted from the image's origin, as scipy sees it.
fn parameter_length() -> f32 {
  var sum = 0.0;
  for (var k = 0u; k < size() / 3u; k++) {
    let flux = held(vector_at(PARAMETERS, 3u * k));
    let x = f32(params.first_x + sources[first + k].start.x) + held(vector_at(PARAMETERS, 3u * k + 1u));
    let y = f32(params.first_y + sources[first + k].start.y) + held(vector_at(PARAMETERS, 3u * k + 2u));
    sum += flux * flux + x * x + y * y;
  }
  return sqrt(sum);
}

fn steepest() -> f32 {
  var most = 0.0;
  for (var i = 0u; i < size(); i++) { most = max(most, abs(held(vector_at(GRADIENT, i)))); }
  return most;
}

// Turns evaluate the parameters with their derivatives, then trial steps until one is better, and so on. One call site of
// evaluate() keeps the compiled code small. A step whose reduction the cost cannot tell is taken at once: gradients still hold there,
// and their trapezoid along the step is its reduction.
fn fit() -> u32 {
  var cost = 0.0;
  var radius = 0.0;
  var alpha = 0.0;
  var predicted = 0.0;
  var downhill = 0.0;
  var status = 0u;
  var trial = false;
  var taken = false;
  var evaluations = 0u;
  loop {
    let found = evaluate(trial);
    if (evaluations == 0u) {
      evaluations = 1u;
      radius = parameter_length();
      if (radius == 0.0) { radius = 1.0; }
    } else if (trial || taken) {
      evaluations++;
      let reduction = select(cost - found, -0.5 * (downhill + step_along_gradient()), taken);
      let ratio = select(0.0, reduction / predicted, predicted > 0.0);
      let step_length = length_of(STEP);
      if (step_length < XTOL * (XTOL + parameter_length())) { status = 3u; }
      if (reduction < FTOL * cost && ratio > 0.25) { status = 2u; }
      if (status == 0u) {
        var next = radius;
        if (ratio < 0.25) { next = 0.25 * step_length; } else if (ratio > 0.75 && step_length > 0.95 * radius) { next = 2.0 * radius; }
        alpha *= radius / next;
        radius = next;
      }
      if (trial && reduction > 0.0) {
        take_trial();
        trial = false;
        continue;
      }
    }
    if (!trial) {
      cost = found;
      if (status == 0u && steepest() < GTOL) { status = 1u; }
    }
    if (status != 0u || evaluations >= MAX_EVALUATIONS) { break; }
    alpha = trust_region_step(radius, alpha);
    predicted = predicted_reduction();
    downhill = step_along_gradient();
    for (var i = 0u; i < size(); i++) { hold(vector_at(TRIAL, i), held(vector_at(PARAMETERS, i)) + held(vector_at(STEP, i))); }
    taken = predicted <= doubt;
    trial = !taken;
    if (taken) { take_trial(); }
  }
  return status;
}

fn take_trial() {
  for (var i = 0u; i < size(); i++) { hold(vector_at(PARAMETERS, i), held(vector_at(TRIAL, i))); }
}

fn step_along_gradient() -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < size(); i++) { sum += held(vector_at(STEP, i)) * held(vector_at(GRADIENT, i)); }
  return sum;
}

@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.groups) { return; }
  let group = groups[params.first_group + id.x];
  group_size = 3u * group.count;
  base = group.scratch;
  first = group.first;
  if (SINGLE && fits[first].pixels < 3u) { return; }
  for (var k = 0u; k < size() / 3u; k++) {
    hold(vector_at(PARAMETERS, 3u * k), fits[first + k].flux);
    hold(vector_at(PARAMETERS, 3u * k + 1u), sources[first + k].at.x);
    hold(vector_at(PARAMETERS, 3u * k + 2u), sources[first + k].at.y);
  }
  let status = fit();
  for (var k = 0u; k < size() / 3u; k++) {
    fits[first + k].flux = held(vector_at(PARAMETERS, 3u * k));
    fits[first + k].at = vec2f(held(vector_at(PARAMETERS, 3u * k + 1u)), held(vector_at(PARAMETERS, 3u * k + 2u)));
    fits[first + k].status = status;
  }
  if (SINGLE) {
    for (var i = 0u; i < 9u; i++) { scratch[base + i] = single[i]; }
  }
}
