/** How the levels between a source's least and greatest value are spaced (photutils' names). */
export type Spacing = "exponential" | "sinh" | "linear";

const SINH_SCALE = 0.25;
const round = Math.fround;

/**
 * The multithreshold levels of a source, ascending, without its least and greatest value. Follows photutils 3.1.1
 * segmentation/deblend.py _compute_thresholds for f32 images, rounding where numpy rounds to f32.
 * @param least least value of the source; exponential spacing needs it above 0
 * @param greatest greatest value, above `least`; both are f32
 */
export function deblendLevels(
  least: number,
  greatest: number,
  count: number,
  spacing: Spacing,
): Float64Array {
  const delta = round(greatest - least);
  const step = round(delta / (count + 1));
  const ratio = round(greatest / least);
  return Float64Array.from({ length: count }, (_, i) => {
    const share = step === 0 ? round(round((i + 1) / (count + 1)) * delta) : round((i + 1) * step);
    const level = round(share + least);
    const normalized = round(round(level - least) / delta);
    switch (spacing) {
      case "linear":
        return level;
      case "exponential":
        return round(least * round(ratio ** normalized));
      case "sinh":
        return (round(Math.sinh(round(normalized / SINH_SCALE))) / Math.sinh(1 / SINH_SCALE)) * delta + least;
    }
  });
}

/** For each value the number of levels strictly below it; 0 for NaN. */
export function quantize(values: Float32Array, levels: Float64Array): Uint8Array {
  const quantized = new Uint8Array(values.length);
  for (let p = 0; p < values.length; p++) {
    const value = values[p];
    let low = 0;
    let high = Number.isNaN(value) ? 0 : levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (levels[middle] < value) low = middle + 1;
      else high = middle;
    }
    quantized[p] = low;
  }
  return quantized;
}
