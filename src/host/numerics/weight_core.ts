import type { CoreRange, KeyBins } from "./binned_weights.js";
import { floatToKey, keyToFloat } from "./float_key.js";

const BINS = 4096;
/** Share of a sample's values either side of its median within which that of all values is expected. */
const MEDIAN_MARGIN = 0.002;
/** Standard deviations either side of a sample's bounds within which those of all values are expected. */
const BOUND_MARGIN = 0.04;
/** Octaves that the core may span beside its first: a value is then an integer below 2^27 of its smallest last place. */
const MORE_OCTAVES = 3;
const FIRST_NORMAL = 0x80800000;

/** Where a pass adds up the bulk of the values, and the bins near bounds and medians, whose values it lists. */
export interface Core {
  readonly marked: ReadonlySet<number>;
  /** As weight_bins.wgsl takes it. */
  readonly params: {
    /** Order keys: from [0] to before [1] below the medians, from [2] to before [3] above them. */
    readonly core: readonly [number, number, number, number];
    readonly exponent: number;
    readonly origin: number;
    readonly centre: number;
  };
}

/** The core by the bins, bounds and medians of a sample; undefined where there is none, or not of positive values within a few octaves. */
export function coreOf(
  { first, shift, counts }: KeyBins & { readonly counts: Uint32Array },
  { medians, bounds }: { medians: readonly number[]; bounds: readonly (readonly [number, number])[] },
): Core | undefined {
  const size = 2 ** shift;
  const binOf = (value: number): number => Math.floor((floatToKey(value) - first) / size);
  const [low, high] = bounds[bounds.length - 1];
  const reach = (BOUND_MARGIN * (high - low)) / 6;
  const around = (value: number): [number, number] => [binOf(value - reach) - 1, binOf(value + reach) + 2];
  const share = MEDIAN_MARGIN * counts.reduce((sum, n) => sum + n, 0);
  const middles = medians.map((value) => {
    const bin = binOf(value);
    return [beyond(counts, bin, -1, share), beyond(counts, bin, 1, share) + 1];
  });
  const lows = bounds.map(([value]) => around(value));
  const highs = bounds.map(([, value]) => around(value));
  const marked = new Set<number>();
  for (const [from, to] of [...middles, ...lows, ...highs])
    for (let bin = Math.max(0, from); bin < Math.min(BINS, to); bin++) marked.add(bin);
  const edges = [
    Math.max(0, ...lows.map(([, to]) => to)),
    Math.min(...middles.map(([from]) => from)),
    Math.max(...middles.map(([, to]) => to)),
    Math.min(BINS, ...highs.map(([from]) => from)),
  ];
  if (!(edges[0] < edges[1] && edges[2] < edges[3])) return undefined;
  const core = edges.map((bin) => first + bin * size) as [number, number, number, number];
  const exponent = (core[0] & 0x7fffffff) >>> 23;
  const last = ((core[3] - 1) & 0x7fffffff) >>> 23;
  if (core[0] < FIRST_NORMAL || last > exponent + MORE_OCTAVES || last > 254) return undefined;
  const origin = (core[0] & 0x7fffff) | 0x800000;
  return { marked, params: { core, exponent, origin, centre: medians[medians.length - 1] } };
}

/** The bin that `share` values lie before, counted from a bin in steps of 1 or -1. */
function beyond(counts: Uint32Array, bin: number, step: 1 | -1, share: number): number {
  let at = bin + step;
  for (let held = 0; held < share && at >= 0 && at < counts.length; at += step) held += counts[at];
  return at;
}

/** The sums of both ranges from the partial sums of weight_bins.wgsl, four words each, left and right in turn. */
export function rangesOf({ params }: Core, partials: Uint32Array): CoreRange[] {
  const { core, exponent, origin, centre } = params;
  const squares = new Float32Array(partials.buffer, partials.byteOffset, partials.length);
  const unit = 2 ** (exponent - 150);
  return [0, 1].map((side) => {
    let [n, units, square] = [0, 0, 0];
    for (let at = 4 * side; at < partials.length; at += 8) {
      n += partials[at];
      units += partials[at + 1] + 65536 * partials[at + 2];
      square += squares[at + 3];
    }
    const mean = (origin + units / n) * unit;
    return {
      low: keyToFloat(core[2 * side]),
      high: keyToFloat(core[2 * side + 1] - 1),
      n,
      mean,
      squares: Math.max(0, square - n * (mean - centre) ** 2),
    };
  });
}
