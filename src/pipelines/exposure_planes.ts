import { type DeviceBuffer, PART_ALIGNMENT } from "../gpu/index.js";
import type { PlaneName } from "../host/models/index.js";
import type { Band } from "./context.js";

/** A plane on the device, row-major. `half`: IEEE half floats, element i in word i >> 1, the even one in the low bits. */
export interface DevicePlane {
  readonly buffer: DeviceBuffer;
  readonly nx: number;
  readonly ny: number;
  readonly half: boolean;
}

/**
 * The planes of one exposure; units as in the file until flux has run (DN/s), MJy/sr afterwards. Where rows were asked for, the others
 * hold anything.
 */
export interface ExposurePlanes {
  readonly nx: number;
  readonly ny: number;
  readonly data: DevicePlane;
  readonly err: DevicePlane;
  readonly varPoisson: DevicePlane;
  readonly varRnoise?: DevicePlane;
  readonly varFlat?: DevicePlane;
  readonly dq: DeviceBuffer;
}

export const ALL_PLANES: readonly PlaneName[] = [
  "data",
  "err",
  "dq",
  "var_poisson",
  "var_rnoise",
  "var_flat",
];

const NO_ROWS: Band = { y0: 0, ny: 0 };

/** The rows of both and those between them. */
export function joinedRows(a: Band, b: Band): Band {
  if (a.ny === 0 || b.ny === 0) return a.ny === 0 ? b : a;
  const y0 = Math.min(a.y0, b.y0);
  return { y0, ny: Math.max(a.y0 + a.ny, b.y0 + b.ny) - y0 };
}

export function covers(a: Band, b: Band): boolean {
  return b.ny === 0 || (b.y0 >= a.y0 && b.y0 + b.ny <= a.y0 + a.ny);
}

/** The planes that are on the device; asking for one that the exposure has and that was not acquired is an Error. */
export class HeldPlanes implements ExposurePlanes {
  private readonly held = new Map<PlaneName, DevicePlane>();
  /** The rows of each that have come. */
  private readonly rows = new Map<PlaneName, Band>();

  /** @param exists whether the exposure has a plane at all */
  constructor(
    readonly nx: number,
    readonly ny: number,
    private readonly exists: (name: PlaneName) => boolean,
  ) {}

  get data(): DevicePlane {
    return this.one("data");
  }
  get err(): DevicePlane {
    return this.one("err");
  }
  get varPoisson(): DevicePlane {
    return this.one("var_poisson");
  }
  get varRnoise(): DevicePlane | undefined {
    return this.exists("var_rnoise") ? this.one("var_rnoise") : undefined;
  }
  get varFlat(): DevicePlane | undefined {
    return this.exists("var_flat") ? this.one("var_flat") : undefined;
  }
  get dq(): DeviceBuffer {
    return this.one("dq").buffer;
  }

  /** For kernels that bind planes which they do not read: those that were not acquired are as if absent, the data stand for them. */
  get bindable(): ExposurePlanes {
    const { nx, ny, data, dq, held } = this;
    const err = held.get("err") ?? data;
    const varPoisson = held.get("var_poisson") ?? data;
    return {
      nx,
      ny,
      data,
      dq,
      err,
      varPoisson,
      varRnoise: held.get("var_rnoise"),
      varFlat: held.get("var_flat"),
    };
  }

  get names(): PlaneName[] {
    return [...this.held.keys()];
  }
  get bytes(): number {
    return [...this.held.values()].reduce((sum, { buffer }) => sum + buffer.size, 0);
  }

  has(name: PlaneName): boolean {
    return this.held.has(name);
  }

  get(name: PlaneName): DevicePlane | undefined {
    return this.held.get(name);
  }

  /** A plane of which no row has come yet. */
  set(name: PlaneName, plane: DevicePlane): void {
    this.held.set(name, plane);
  }

  rowsOf(name: PlaneName): Band {
    return this.rows.get(name) ?? NO_ROWS;
  }

  setRows(name: PlaneName, rows: Band): void {
    this.rows.set(name, rows);
  }

  /** Rows, and some more about them, where parts of any plane may begin and end. */
  wholeParts({ y0, ny }: Band): Band {
    const step = PART_ALIGNMENT / commonFactor(PART_ALIGNMENT, 2 * this.nx); // of two bytes or four a pixel
    const first = step * Math.floor(Math.max(0, y0) / step);
    const end = Math.min(this.ny, step * Math.ceil((y0 + ny) / step));
    return end > first ? { y0: first, ny: end - first } : NO_ROWS;
  }

  /** Rows of a plane, {@link wholeParts} of it, as one of its own. */
  part(name: PlaneName, { y0, ny }: Band): DevicePlane {
    const { nx, buffer, half } = this.held.get(name)!;
    const rowBytes = (half ? 2 : 4) * nx;
    return { nx, ny, half, buffer: buffer.part(y0 * rowBytes, ny * rowBytes) };
  }

  /** Frees the planes but those to keep. */
  free(keep: readonly PlaneName[] = []): void {
    for (const [name, { buffer }] of [...this.held]) {
      if (keep.includes(name)) continue;
      this.held.delete(name);
      this.rows.delete(name);
      buffer.free();
    }
  }

  private one(name: PlaneName): DevicePlane {
    const plane = this.held.get(name);
    if (!plane) throw new Error(`plane ${name} was not asked for`);
    return plane;
  }
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b);
}
