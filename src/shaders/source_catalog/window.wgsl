// A source and the pixels measured around it; one workgroup a source.
struct Window {
  centre: vec4f, // (whole x, whole y, rest x, rest y)
  bounds: vec4i, // first and past-the-last column, first and past-the-last row; empty: not measured
  shape: vec4f, // by kernel
  label: u32,
}

fn columns_of(window: Window) -> i32 {
  return max(window.bounds.y - window.bounds.x, 0);
}

fn pixels_of(window: Window) -> u32 {
  return u32(columns_of(window) * max(window.bounds.w - window.bounds.z, 0));
}

fn from_centre(window: Window, at: vec2i) -> vec2f {
  return vec2f(at - vec2i(window.centre.xy)) - window.centre.zw;
}
