/** np.nanmedian over the first axis of a float32 stack [layers][pixels]. */
export function nanmedianTwin(stack: Float32Array, pixels: number): Float32Array {
  const layers = stack.length / pixels;
  return Float32Array.from({ length: pixels }, (_, p) => {
    const values: number[] = [];
    for (let k = 0; k < layers; k++) {
      const value = stack[k * pixels + p];
      if (!Number.isNaN(value)) values.push(value);
    }
    values.sort((a, b) => a - b);
    const n = values.length;
    if (n === 0) return NaN;
    return Math.fround(values[(n - 1) >> 1] + values[n >> 1]) / 2;
  });
}
