// Exclusive prefix sum over a workgroup of 256; every invocation must call it.
var<workgroup> ladder: array<u32, 256>;
var<private> prefixTotal: u32;

fn prefix(value: u32, local: u32) -> u32 {
  workgroupBarrier();
  ladder[local] = value;
  for (var step = 1u; step < 256u; step <<= 1u) {
    workgroupBarrier();
    var left = 0u;
    if (local >= step) {
      left = ladder[local - step];
    }
    workgroupBarrier();
    ladder[local] += left;
  }
  workgroupBarrier();
  prefixTotal = ladder[255];
  return ladder[local] - value;
}
