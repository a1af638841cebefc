/** Positions with NaN for each coordinate beyond the range of the footprint's corners, as gwcs.WCS.outside_footprint; new arrays. */
export function outsideFootprint(
  footprint: { ra: Float64Array; dec: Float64Array },
  ra: Float64Array,
  dec: Float64Array,
): { ra: Float64Array; dec: Float64Array } {
  return { ra: keepRange(footprint.ra, ra, true), dec: keepRange(footprint.dec, dec, false) };
}

function keepRange(corners: Float64Array, values: Float64Array, longitude: boolean): Float64Array {
  let [low, high] = [Math.min(...corners), Math.max(...corners)];
  const out = Float64Array.from(values);
  if (longitude && high - low > 180) {
    const middle = 0.5 * (low + high);
    low = Math.max(...corners.filter((corner) => corner <= middle));
    high = Math.min(...corners.filter((corner) => corner > middle));
    for (let i = 0; i < out.length; i++) if (out[i] > low && out[i] < high) out[i] = NaN;
  } else for (let i = 0; i < out.length; i++) if (out[i] < low || out[i] > high) out[i] = NaN;
  return out;
}
