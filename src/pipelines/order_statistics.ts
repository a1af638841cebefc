import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import { orderHistogram } from "../shaders/shared/order_histogram.js";

/** Part of an image on the device: `count` f32 values and, where the mode needs them, as many guards. */
export interface Chunk {
  readonly values: DeviceBuffer;
  readonly guards?: DeviceBuffer;
  readonly count: number;
}

/** Part of an image that lies on the host; it goes to the device for each pass. */
export interface HostChunk {
  readonly values: Float32Array;
  readonly guards?: Float32Array;
}

/** Which values count: "nonzero": finite, not 0; "guarded": finite with a guard above 0; "deviation": |value - centre| of those; "usable": finite, the guard a DQ word without DO_NOT_USE. */
export type Selection =
  | { readonly mode: "nonzero" | "guarded" | "usable" }
  | { readonly mode: "deviation"; readonly centre: number };

const BINS = 2048;
const MODES = { nonzero: 0, guarded: 1, deviation: 2, usable: 3 } as const;
/** The three digits of a 32-bit key, highest first. */
const LEVELS = [
  { shift: 21, prefixShift: 32 },
  { shift: 10, prefixShift: 21 },
  { shift: 0, prefixShift: 10 },
] as const;
const MAX_WORKGROUPS = 1024;
const VALUES_PER_WORKGROUP = 4096;

/** Workgroups of 256 for a kernel that strides over `count` elements. */
export function stridingGroups(count: number): number {
  return Math.max(1, Math.min(MAX_WORKGROUPS, Math.ceil(count / VALUES_PER_WORKGROUP)));
}

/**
 * Exact order statistics of an image that stays on the device: radix selection over the bits of the floats, 11 + 11 + 10 at a
 * time, a histogram read back for each. Histograms are kept, so that a second rank near the first costs one pass or none.
 */
export class OrderStatistics {
  private readonly cache = new Map<string, Uint32Array>();

  constructor(
    private readonly gpu: Gpu,
    private readonly chunks: readonly (Chunk | HostChunk)[],
    private readonly selection: Selection,
  ) {}

  /** How many values count. */
  async count(): Promise<number> {
    return (await this.histogram(0, 0)).reduce((sum, n) => sum + n, 0);
  }

  /** The value of that rank, 0 the smallest. RangeError where there is none. */
  async at(rank: number): Promise<number> {
    let prefix = 0;
    let left = rank;
    for (let level = 0; level < LEVELS.length; level++) {
      const bins = await this.histogram(level, prefix);
      let bin = 0;
      while (bin < BINS && left >= bins[bin]) left -= bins[bin++];
      if (bin === BINS || left < 0) throw new RangeError(`no value of rank ${rank}`);
      prefix = prefix * (level === 2 ? 1024 : BINS) + bin;
    }
    return valueOfKey(prefix);
  }

  /** The mean of the middle two values (the same one twice where their number is odd) of `count` values from rank `first` on, in f32. */
  async median(first: number, count: number): Promise<number> {
    const low = await this.at(first + Math.floor((count - 1) / 2));
    const high = count % 2 ? low : await this.at(first + count / 2);
    return low === high ? low : Math.fround(Math.fround(low + high) / 2);
  }

  private async histogram(level: number, prefix: number): Promise<Uint32Array> {
    const name = `${level} ${prefix}`;
    const kept = this.cache.get(name);
    if (kept) return kept;
    const { gpu, selection } = this;
    const { shift, prefixShift } = LEVELS[level];
    const bins = gpu.alloc("order histogram", BINS * 4);
    try {
      gpu.recorder("order histogram").clear(bins).submit();
      const centre = selection.mode === "deviation" ? selection.centre : 0;
      for (const chunk of this.chunks) {
        const { values, guards = values, count, done } = this.onDevice(chunk);
        const params = { count, shift, prefix_shift: prefixShift, prefix, centre };
        gpu
          .recorder("order histogram")
          .run(orderHistogram, { params, values, guards, bins }, [stridingGroups(count)], {
            MODE: MODES[selection.mode],
          })
          .submit();
        done();
      }
      const counts = await gpu.read(bins, Uint32Array, 0, BINS);
      this.cache.set(name, counts);
      return counts;
    } finally {
      bins.free();
    }
  }

  private onDevice(chunk: Chunk | HostChunk): Chunk & { done(): void } {
    if ("count" in chunk) return { ...chunk, done: nothing };
    const { gpu } = this;
    const values = gpu.upload("values", chunk.values);
    const guards = chunk.guards && gpu.upload("guards", chunk.guards);
    const done = (): void => {
      values.free();
      guards?.free();
    };
    return { values, guards, count: chunk.values.length, done };
  }
}

const nothing = (): void => undefined;
const word = new DataView(new ArrayBuffer(4));

function valueOfKey(key: number): number {
  word.setUint32(0, key >= 0x80000000 ? key - 0x80000000 : ~key >>> 0);
  return word.getFloat32(0);
}
