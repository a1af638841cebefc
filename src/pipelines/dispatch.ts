const VALUES_PER_GROUP = 4096;
const MAX_GROUPS = 65535;

/** Workgroups for kernels that stride over `count` values. */
export function strides(count: number): number {
  return Math.max(1, Math.min(MAX_GROUPS, Math.ceil(count / VALUES_PER_GROUP)));
}

/** The bits of a value as f32. */
export function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0];
}
