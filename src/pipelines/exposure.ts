import { UserError } from "../host/errors.js";
import type { WfiImage } from "../host/models/index.js";
import { spareBuffers } from "../host/workers/pool.js";
import type { Wcs } from "../host/wcs/index.js";
import type { DeviceBuffer, Recorder } from "../gpu/index.js";
import type { RunContext } from "./context.js";

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

/** Changes planes in place; it is recorded again whenever the exposure is loaded again. */
export type Transform = (rec: Recorder, planes: ExposurePlanes) => void;

type PlaneArray = Float32Array | Uint16Array | Uint32Array;
/** `fresh`: nobody else holds its memory. */
interface ReadPlane {
  readonly array: PlaneArray;
  readonly fresh: boolean;
}
type ReadPlanes = Partial<Record<PlaneName, ReadPlane>>;
type PlaneName = "data" | "err" | "dq" | "var_poisson" | "var_rnoise" | "var_flat";

/**
 * A calibrated image whose planes come to the device when asked for and may leave it again between the steps.
 * What the steps did to it is kept as transforms (replayed on reload) and, for DQ, as the changed plane itself.
 */
export class Exposure {
  private planes: ExposurePlanes | undefined;
  private readonly transforms: Transform[] = [];
  private changedDq: Uint32Array | undefined;
  private dqOnDeviceIsNewer = false;
  private pins = 0;
  private loading: Promise<ExposurePlanes> | undefined;
  private ahead: Promise<ReadPlanes> | undefined;
  /** Rises with each use, over all exposures: the smallest was used longest ago. */
  lastUse = 0;

  constructor(
    private readonly ctx: RunContext,
    readonly model: WfiImage,
    readonly wcs: Wcs,
    private readonly makeRoom: (bytes: number, keep: Exposure) => Promise<void>,
  ) {}

  get nx(): number {
    return this.model.shape[1];
  }
  get ny(): number {
    return this.model.shape[0];
  }
  /** Bytes on the device now. */
  get residentBytes(): number {
    return this.planes ? buffersOf(this.planes).reduce((sum, buffer) => sum + buffer.size, 0) : 0;
  }
  get pinned(): boolean {
    return this.pins > 0;
  }

  /** The planes on the device; they stay there until release(). Throws UserError where a plane is missing or misshapen. */
  async acquire(): Promise<ExposurePlanes> {
    this.pins++;
    try {
      this.loading ??= this.planes ? undefined : this.load();
      return this.planes ?? (this.planes = await this.loading!);
    } catch (error) {
      this.pins--;
      throw error;
    } finally {
      this.loading = undefined;
    }
  }

  release(): void {
    if (this.pins === 0) throw new Error(`${this.model.filename}: released more often than acquired`);
    this.pins--;
  }

  /** Apply a transform now (where the planes are resident) and on each later load. */
  transform(change: Transform): void {
    this.transforms.push(change);
    if (this.planes) {
      const rec = this.ctx.gpu.recorder("transform");
      change(rec, this.planes);
      rec.submit();
    }
  }

  /** Call after a kernel changed the DQ plane: it is then kept when the exposure leaves the device. */
  dqChanged(): void {
    this.dqOnDeviceIsNewer = true;
  }

  /** Begin to read the planes, so that they are at hand when the exposure is acquired. */
  readAhead(): void {
    if (this.planes || this.loading) return;
    this.ahead ??= this.readAll();
    this.ahead.catch(() => undefined); // told when the exposure is acquired
  }

  /** Let go of what was read ahead. */
  forgetAhead(): void {
    const { ahead } = this;
    this.ahead = undefined;
    ahead?.then(recycle, () => undefined);
  }

  /** Leave the device, keeping a changed DQ plane on the host. */
  async evict(): Promise<void> {
    if (!this.planes || this.pinned) return;
    await this.saveDq();
    for (const buffer of buffersOf(this.planes)) buffer.free();
    this.planes = undefined;
  }

  /** Leave the device for good: no step asks for these pixels again. */
  drop(): void {
    if (!this.planes || this.pinned) return;
    for (const buffer of buffersOf(this.planes)) buffer.free();
    this.planes = undefined;
    this.dqOnDeviceIsNewer = false;
  }

  /** Write the planes as they are now into the model, as romancal's models carry them after a step. */
  async download(): Promise<void> {
    const planes = await this.acquire();
    try {
      const { gpu } = this.ctx;
      const put = async (name: PlaneName, plane: DevicePlane | undefined): Promise<void> => {
        if (!plane) return;
        const count = plane.nx * plane.ny;
        const array = plane.half
          ? await gpu.read(plane.buffer, Uint16Array, 0, count)
          : await gpu.read(plane.buffer, Float32Array, 0, count);
        this.model.setPlane(name, array);
      };
      await put("data", planes.data);
      await put("err", planes.err);
      await put("var_poisson", planes.varPoisson);
      await put("var_rnoise", planes.varRnoise);
      await put("var_flat", planes.varFlat);
      await this.saveDq();
      if (this.changedDq) this.model.setPlane("dq", this.changedDq);
    } finally {
      this.release();
    }
  }

  /** Hand the planes over to the model and leave the device: what the model is changed to counts from now on. */
  async handOver(): Promise<void> {
    await this.download();
    this.forgetAhead();
    this.drop();
    this.transforms.length = 0;
    this.changedDq = undefined;
  }

  private async saveDq(): Promise<void> {
    if (!this.planes || !this.dqOnDeviceIsNewer) return;
    this.changedDq = await this.ctx.gpu.read(this.planes.dq, Uint32Array, 0, this.nx * this.ny);
    this.dqOnDeviceIsNewer = false;
  }

  private async load(): Promise<ExposurePlanes> {
    const { ctx, nx, ny } = this;
    const ahead = this.ahead ?? this.readAll();
    this.ahead = undefined;
    const arrays = await ctx.timer.time("read", () => ahead);
    const bytes = Object.values(arrays).reduce((sum, { array }) => sum + array.byteLength, 0);
    await this.makeRoom(bytes, this);
    const plane = (name: Exclude<PlaneName, "dq">): DevicePlane | undefined => {
      const array = arrays[name]?.array;
      if (!array) return undefined;
      const buffer = ctx.gpu.upload(`${this.model.filename} ${name}`, array);
      return { buffer, nx, ny, half: array instanceof Uint16Array };
    };
    const required = (name: Exclude<PlaneName, "dq">): DevicePlane => {
      const found = plane(name);
      if (!found)
        throw new UserError(
          `${this.model.filename}: no array roman.${name}; expected a calibrated WFI image (_cal)`,
        );
      return found;
    };
    const planes: ExposurePlanes = {
      nx,
      ny,
      data: required("data"),
      err: required("err"),
      varPoisson: required("var_poisson"),
      varRnoise: plane("var_rnoise"),
      varFlat: plane("var_flat"),
      dq: ctx.gpu.upload(`${this.model.filename} dq`, arrays.dq!.array),
    };
    recycle(arrays);
    const rec = ctx.gpu.recorder("reload");
    for (const change of this.transforms) change(rec, planes);
    rec.submit();
    await ctx.timer.time("upload", () => ctx.gpu.idle()); // the staging memory of the uploads returns
    return planes;
  }

  private async readAll(): Promise<ReadPlanes> {
    const names: PlaneName[] = ["data", "err", "dq", "var_poisson", "var_rnoise", "var_flat"];
    const found = await Promise.all(names.map(async (name) => [name, await this.readPlane(name)] as const));
    return Object.fromEntries(found.filter(([, plane]) => plane));
  }

  private async readPlane(name: PlaneName): Promise<ReadPlane | undefined> {
    if (name === "dq" && this.changedDq) return { array: this.changedDq, fresh: false };
    const source = this.model.plane(name);
    const where = `${this.model.filename}: roman.${name}`;
    if (!source) {
      if (name === "dq") throw new UserError(`${where} is missing; expected a calibrated WFI image (_cal)`);
      return undefined;
    }
    const [ny, nx] = source.shape;
    if (source.shape.length !== 2 || ny !== this.ny || nx !== this.nx) {
      throw new UserError(
        `${where} has shape ${source.shape.join(" x ")}; expected ${this.ny} x ${this.nx} as roman.data`,
      );
    }
    const array = await source.read();
    if (
      name === "dq"
        ? array instanceof Uint32Array
        : array instanceof Float32Array || (array instanceof Uint16Array && source.datatype === "float16")
    ) {
      return { array: array as PlaneArray, fresh: source.fresh };
    }
    throw new UserError(
      `${where} is ${source.datatype}; expected ${name === "dq" ? "uint32" : "float32 or float16"}`,
    );
  }
}

/** The device has its copy: the next exposure may be read into the same memory. */
function recycle(arrays: ReadPlanes): void {
  for (const { array, fresh } of Object.values(arrays)) if (fresh) spareBuffers.put(array);
}

function buffersOf(planes: ExposurePlanes): DeviceBuffer[] {
  const { data, err, varPoisson, varRnoise, varFlat, dq } = planes;
  return [
    ...[data, err, varPoisson, varRnoise, varFlat].flatMap((plane) => (plane ? [plane.buffer] : [])),
    dq,
  ];
}
