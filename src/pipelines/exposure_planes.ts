import type { DeviceBuffer } from "../gpu/index.js";
import type { PlaneName } from "../host/models/index.js";

/** A plane on the device, row-major. `half`: IEEE half floats, element i in word i >> 1, the even one in the low bits. */
export interface DevicePlane {
  readonly buffer: DeviceBuffer;
  readonly nx: number;
  readonly ny: number;
  readonly half: boolean;
}

/** The planes of one exposure; units as in the file until flux has run (DN/s), MJy/sr afterwards. */
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

/** The planes that are on the device; asking for one that the exposure has and that was not acquired is an Error. */
export class HeldPlanes implements ExposurePlanes {
  private readonly held = new Map<PlaneName, DevicePlane>();

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

  set(name: PlaneName, plane: DevicePlane): void {
    this.held.set(name, plane);
  }

  /** Frees the planes but those to keep. */
  free(keep: readonly PlaneName[] = []): void {
    for (const [name, { buffer }] of [...this.held]) {
      if (keep.includes(name)) continue;
      this.held.delete(name);
      buffer.free();
    }
  }

  private one(name: PlaneName): DevicePlane {
    const plane = this.held.get(name);
    if (!plane) throw new Error(`plane ${name} was not asked for`);
    return plane;
  }
}
