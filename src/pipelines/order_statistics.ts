import type { DeviceBuffer, Gpu } from "../gpu/index.js";
import { sortWords } from "../host/numerics/sort_floats.js";
import { LIST_HEAD, orderList } from "../shaders/shared/order_list.js";

/** Part of an image on the device: `count` f32 values and, for statistics of their order, as many guards. */
export interface Chunk {
  readonly values: DeviceBuffer;
  readonly guards?: DeviceBuffer;
  readonly count: number;
}

/** Part of an image that is not on the device: `count` values and guards that come for each pass. */
export interface LazyChunk {
  readonly count: number;
  load(): Promise<{ readonly values: Float32Array; readonly guards?: Float32Array }>;
}

/** Which values count: "guarded": finite with a guard above 0; "deviation": |value - centre| of those; "usable": finite, the guard a DQ word without DO_NOT_USE; "nonzero": finite, not 0. */
export type Selection =
  | { readonly mode: "guarded" | "usable" | "nonzero" }
  | { readonly mode: "deviation"; readonly centre: number };

const MODES = { guarded: 1, deviation: 2, usable: 3, nonzero: 4 } as const;
/** Values in a sample, about. */
const SAMPLE = 2 ** 18;
/** How far a rank's share of all values may be from its share of the sample, which errs by 0.001 or, of neighbours alike, 0.002. */
const MARGIN = 0.005;
/** Keys between two limits are listed where they are this many at most, or one in so many. */
const LEAST_LIST = 2 ** 18;
const LISTED_OF = 32;
const LAST_KEY = 0xffffffff;
const MAX_WORKGROUPS = 1024;
const VALUES_PER_WORKGROUP = 4096;

/** Workgroups of 256 for a kernel that strides over `count` elements. */
export function stridingGroups(count: number): number {
  return Math.max(1, Math.min(MAX_WORKGROUPS, Math.ceil(count / VALUES_PER_WORKGROUP)));
}

/** The values whose order keys are from lo to hi. */
interface Stretch {
  readonly lo: number;
  readonly hi: number;
  readonly below: number;
  readonly inside: number;
  /** How many values count, wherever they are. */
  readonly total: number;
  /** Ascending; undefined where they are too many. */
  readonly keys: Uint32Array | undefined;
}

/**
 * Exact order statistics of an image that stays on the device. A sample says between which values a rank should lie, and one pass
 * counts the values below and lists those between. Where the rank lies elsewhere the next pass takes a wider stretch; where too
 * many values lie between (ties), passes halve it. Lists are kept, so that a second rank near the first costs nothing.
 */
export class OrderStatistics {
  private sample: Uint32Array | undefined;
  private readonly stretches: Stretch[] = [];
  private readonly values: number;

  constructor(
    private readonly gpu: Gpu,
    private readonly chunks: readonly (Chunk | LazyChunk)[],
    private readonly selection: Selection,
  ) {
    this.values = chunks.reduce((sum, { count }) => sum + count, 0);
  }

  /** How many values count. */
  async count(): Promise<number> {
    return (this.stretches.at(0) ?? (await this.look(0.5, MARGIN))).total;
  }

  /** The value of that rank, 0 the smallest. RangeError where there is none. */
  async at(rank: number): Promise<number> {
    const total = await this.count();
    if (!(rank >= 0 && rank < total)) throw new RangeError(`no value of rank ${rank}`);
    let found = [...this.stretches].reverse().find((stretch) => holds(stretch, rank));
    for (let margin = MARGIN; !found; margin *= 8) {
      const next = await this.look((rank + 0.5) / total, margin);
      if (holds(next, rank)) found = next;
    }
    while (!found.keys && found.lo < found.hi) found = await this.halfOf(found, rank);
    return valueOfKey(found.keys ? found.keys[rank - found.below] : found.lo);
  }

  /** The mean of the middle two values (the same one twice where their number is odd) of `count` values from rank `first` on, in f32. */
  async median(first: number, count: number): Promise<number> {
    const low = await this.at(first + Math.floor((count - 1) / 2));
    const high = count % 2 ? low : await this.at(first + count / 2);
    return low === high ? low : Math.fround(Math.fround(low + high) / 2);
  }

  /** A pass where that share of the sample's values, more or less `margin`, is smaller; everywhere where the image is small. */
  private async look(share: number, margin: number): Promise<Stretch> {
    const every = Math.floor(this.values / SAMPLE) | 1; // odd, as widths mostly are not
    if (every === 1) return this.pass(0, LAST_KEY);
    this.sample ??= (await this.list(0, LAST_KEY, every)).keys ?? new Uint32Array();
    const { sample } = this;
    const [lo, hi] = [share - margin, share + margin].map((part) => Math.floor(part * sample.length));
    return this.pass(
      lo >= 0 && lo < sample.length ? sample[lo] : 0,
      hi < sample.length ? sample[hi] : LAST_KEY,
    );
  }

  private async halfOf({ lo, hi }: Stretch, rank: number): Promise<Stretch> {
    const middle = lo + Math.floor((hi - lo) / 2);
    const lower = await this.pass(lo, middle);
    return holds(lower, rank) ? lower : this.pass(middle + 1, hi);
  }

  private async pass(lo: number, hi: number): Promise<Stretch> {
    const stretch = await this.list(lo, hi, 1);
    this.stretches.push(stretch);
    return stretch;
  }

  /** Of one in `every` four values. */
  private async list(lo: number, hi: number, every: number): Promise<Stretch> {
    const { gpu, selection } = this;
    const sampled = Math.ceil(this.values / every) + 8 * this.chunks.length;
    const room = every > 1 ? sampled : Math.max(LEAST_LIST, Math.ceil(this.values / LISTED_OF));
    const list = gpu.alloc("order list", 4 * (LIST_HEAD + room));
    try {
      gpu
        .recorder("order list")
        .clear(list, 0, 4 * LIST_HEAD)
        .submit();
      const centre = selection.mode === "deviation" ? selection.centre : 0;
      for (const chunk of this.chunks) {
        const { values, guards = values, count, done } = await this.onDevice(chunk);
        const params = { count, every, lo, hi, room, centre };
        gpu
          .recorder("order list")
          .run(orderList, { params, values, guards, list }, [stridingGroups(count)], {
            MODE: MODES[selection.mode],
          })
          .submit();
        done();
      }
      const [inside, below, total] = await gpu.read(list, Uint32Array, 0, LIST_HEAD);
      const keys = inside <= room ? await gpu.read(list, Uint32Array, 4 * LIST_HEAD, inside) : undefined;
      return { lo, hi, below, inside, total, keys: keys && sortWords(keys) };
    } finally {
      list.free();
    }
  }

  private async onDevice(chunk: Chunk | LazyChunk): Promise<Chunk & { done(): void }> {
    if (!("load" in chunk)) return { ...chunk, done: nothing };
    const { gpu } = this;
    await gpu.idle(); // uploads that wait for the device are copies in memory
    const host = await chunk.load();
    const values = gpu.upload("values", host.values);
    const guards = host.guards && gpu.upload("guards", host.guards);
    const done = (): void => {
      values.free();
      guards?.free();
    };
    return { values, guards, count: chunk.count, done };
  }
}

const nothing = (): void => undefined;
const word = new DataView(new ArrayBuffer(4));

function holds({ below, inside }: Stretch, rank: number): boolean {
  return rank >= below && rank < below + inside;
}

function valueOfKey(key: number): number {
  word.setUint32(0, key >= 0x80000000 ? key - 0x80000000 : ~key >>> 0);
  return word.getFloat32(0);
}
