//!include outlier_detection/network.wgsl
// NaN-medians of four pixels over up to 8 layers: Batcher's odd-even merge sort of 8 keys in registers, less the exchanges that do
// not reach the middle.
fn nanmedians(i: u32) -> vec4f {
  var missing = vec4u(8u - LAYERS);
  var k0 = taken(0u, i, &missing);
  var k1 = taken(1u, i, &missing);
  var k2 = taken(2u, i, &missing);
  var k3 = taken(3u, i, &missing);
  var k4 = taken(4u, i, &missing);
  var k5 = taken(5u, i, &missing);
  var k6 = taken(6u, i, &missing);
  var k7 = taken(7u, i, &missing);
  order(&k0, &k4); order(&k1, &k5); order(&k2, &k6); order(&k3, &k7);
  order(&k0, &k2); order(&k1, &k3); order(&k4, &k6); order(&k5, &k7);
  order(&k2, &k4); order(&k3, &k5); order(&k0, &k1); order(&k2, &k3);
  order(&k4, &k5); order(&k6, &k7); order(&k1, &k4); order(&k3, &k6);
  order(&k3, &k4);
  return median_of(k3, k4, missing, 8u);
}
