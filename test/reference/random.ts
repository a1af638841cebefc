/** Repeatable random numbers for tests: mulberry32. */
export function uniforms(n: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** Standard normal numbers by Box and Muller. */
export function normals(n: number, seed: number): Float64Array {
  const u = uniforms(2 * n, seed);
  return Float64Array.from(
    { length: n },
    (_, i) => Math.sqrt(-2 * Math.log(1 - u[2 * i])) * Math.cos(2 * Math.PI * u[2 * i + 1]),
  );
}
