// What arithmetic gives at best: multiply-adds on eight independent vectors, nothing read in the loop.
struct Params {
  rounds: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> target_: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let start = vec4f(f32(id.x & 255u));
  var a = start;
  var b = start + 1.0;
  var c = start + 2.0;
  var d = start + 3.0;
  var e = start + 4.0;
  var f = start + 5.0;
  var g = start + 6.0;
  var h = start + 7.0;
  let k = params.factor;
  for (var i = 0u; i < params.rounds; i++) {
    a = a * k + start;
    b = b * k + start;
    c = c * k + start;
    d = d * k + start;
    e = e * k + start;
    f = f * k + start;
    g = g * k + start;
    h = h * k + start;
  }
  target_[id.x] = ((a + b) + (c + d)) + ((e + f) + (g + h));
}
