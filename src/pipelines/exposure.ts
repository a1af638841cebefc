import { UserError } from "../host/errors.js";
import { PackedBytes } from "../host/asdf/packed.js";
import type { PlaneName, PlaneSource, WfiImage } from "../host/models/index.js";
import type { Wcs } from "../host/wcs/index.js";
import type { Recorder } from "../gpu/index.js";
import type { Band, RunContext } from "./context.js";
import { ALL_PLANES, covers, type ExposurePlanes, HeldPlanes, joinedRows } from "./exposure_planes.js";

export type { DevicePlane, ExposurePlanes } from "./exposure_planes.js";

/**
 * Changes those planes that it is given, in place, pixel by pixel: rows of them may come one after the other, as planes of their own. It
 * is recorded again whenever they are loaded again.
 */
export type Transform = (rec: Recorder, planes: Partial<Omit<ExposurePlanes, "nx" | "ny">>) => void;

const OPTIONAL: readonly PlaneName[] = ["var_rnoise", "var_flat"];

/** Rows of a plane. */
interface PlaneRows {
  readonly name: PlaneName;
  readonly rows: Band;
}

/**
 * A calibrated image whose planes, or rows of them, come to the device when asked for and may leave it again between the steps: on it are
 * those that were asked for last. What the steps did to them is kept as transforms (replayed on reload) and, for DQ, as the changed rows.
 */
export class Exposure {
  private readonly planes: HeldPlanes;
  private readonly transforms: Transform[] = [];
  /** How many of them the model's plane has seen already. */
  private readonly seen = new Map<PlaneName, number>();
  private changedDq: { readonly rows: Band; readonly bytes: PackedBytes } | undefined;
  private dqOnDeviceIsNewer = false;
  private pins = 0;
  /** Bytes that are being made room for. */
  private coming = 0;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly ctx: RunContext,
    readonly model: WfiImage,
    readonly wcs: Wcs,
    private readonly makeRoom: (bytes: number) => Promise<void>,
  ) {
    this.planes = new HeldPlanes(this.nx, this.ny, (name) => model.plane(name) !== undefined);
  }

  get nx(): number {
    return this.model.shape[1];
  }
  get ny(): number {
    return this.model.shape[0];
  }
  /** Bytes on the device now, or soon. */
  get residentBytes(): number {
    return this.planes.bytes + this.coming;
  }
  /** In use, or on its way to the device. */
  get pinned(): boolean {
    return this.pins > 0 || this.loading !== undefined;
  }

  /** What it takes to weigh and drizzle: without var_rnoise, all that it is derived from; with `flat`, `variances` their planes too. */
  drizzledPlanes({ variances = false, flat = false } = {}): PlaneName[] {
    const derived = !this.model.plane("var_rnoise");
    const noise: PlaneName[] = derived ? ["err", "var_poisson", "var_flat"] : ["var_rnoise"];
    const more: PlaneName[] = [
      ...(variances ? (["var_poisson"] as const) : []),
      ...(flat ? (["var_flat"] as const) : []),
    ];
    return [...new Set<PlaneName>(["data", "dq", ...noise, ...more])];
  }

  /** Whether rows (all) of those `wanted` are not on the device. */
  lacks(wanted: readonly PlaneName[] = ALL_PLANES, rows = this.allRows): boolean {
    return this.missing(wanted, rows).length > 0;
  }

  /** Bytes of the device's memory that those `wanted` take which are not on it. */
  missingBytes(wanted: readonly PlaneName[] = ALL_PLANES): number {
    return this.absent(wanted).reduce((sum, name) => sum + bytesOf(this.source(name), this.model.shape), 0);
  }

  /**
   * The planes on the device, those `wanted`, as far as the exposure has them, with the pixels of the `rows` (all) at least; they stay
   * there until release(), others that nobody uses leave. Throws UserError where a plane is missing or misshapen.
   */
  async acquire(wanted: readonly PlaneName[] = ALL_PLANES, rows = this.allRows): Promise<HeldPlanes> {
    this.pins++;
    try {
      const { timer } = this.ctx;
      const { loading } = this;
      if (loading) await timer.time("read", () => loading.catch(() => undefined));
      if (this.pins === 1) await this.leave(wanted);
      if (this.lacks(wanted, rows)) await timer.time("read", () => this.load(wanted, rows));
      return this.planes;
    } catch (error) {
      this.pins--;
      throw error;
    }
  }

  release(): void {
    if (this.pins === 0) throw new Error(`${this.model.filename}: released more often than acquired`);
    this.pins--;
  }

  /** Apply a transform now (to planes on the device) and on each later load. */
  transform(change: Transform): void {
    this.transforms.push(change);
    const held = this.planes.names.map((name) => ({ name, rows: this.planes.rowsOf(name) }));
    this.apply(held, this.transforms.length - 1);
  }

  /** Call after a kernel changed the DQ plane: it is then kept when the exposure leaves the device. */
  dqChanged(): void {
    this.dqOnDeviceIsNewer = true;
  }

  /** Begin to bring rows (all) of planes to the device, so that they are at hand when the exposure is acquired. */
  readAhead(wanted: readonly PlaneName[], rows = this.allRows): void {
    if (this.pinned) return;
    this.load(wanted, rows).catch(() => undefined); // told when the exposure is acquired
  }

  /** Frees the planes that are not `wanted`, where nobody uses the exposure. */
  async keepOnly(wanted: readonly PlaneName[]): Promise<void> {
    if (!this.pinned) await this.leave(wanted);
  }

  /** Leave the device, keeping a changed DQ plane on the host. */
  async evict(): Promise<void> {
    await this.loading?.catch(() => undefined);
    if (!this.pinned) await this.leave([]);
  }

  /** Leave the device for good: no step asks for these pixels again. */
  drop(): void {
    if (this.pinned) return;
    this.planes.free();
    this.dqOnDeviceIsNewer = false;
  }

  /** Write the planes as they are now into the model, as romancal's models carry them after a step. */
  async download(): Promise<void> {
    const { gpu } = this.ctx;
    await this.acquire();
    try {
      for (const name of this.planes.names) {
        const { buffer, half } = this.planes.get(name)!;
        if (name === "dq" && !this.dqOnDeviceIsNewer && !this.changedDq) continue;
        const type = name === "dq" ? Uint32Array : half ? Uint16Array : Float32Array;
        const count = this.nx * this.ny;
        const array = await gpu.read<Float32Array | Uint16Array | Uint32Array>(buffer, type, 0, count);
        this.model.setPlane(name, array);
        this.seen.set(name, this.transforms.length);
      }
      this.changedDq = undefined;
      this.dqOnDeviceIsNewer = false;
    } finally {
      this.release();
    }
  }

  /** Hand the planes over to the model and leave the device: what the model is changed to counts from now on. */
  async handOver(): Promise<void> {
    await this.download();
    this.drop();
    this.transforms.length = 0;
    this.seen.clear();
  }

  /** Free the planes but those to keep. */
  private async leave(keep: readonly PlaneName[]): Promise<void> {
    if (!keep.includes("dq") && this.dqOnDeviceIsNewer && this.planes.has("dq")) {
      this.dqOnDeviceIsNewer = false;
      this.pins++;
      try {
        const rows = this.planes.rowsOf("dq");
        const { buffer } = this.planes.part("dq", rows);
        const bytes = await PackedBytes.of(this.ctx.gpu.pieces(buffer, 0, 4 * this.nx * rows.ny));
        this.changedDq = { rows, bytes };
      } finally {
        this.pins--;
      }
    }
    this.planes.free(keep);
  }

  private get allRows(): Band {
    return { y0: 0, ny: this.ny };
  }

  private absent(wanted: readonly PlaneName[]): PlaneName[] {
    return this.existing(wanted).filter((name) => !this.planes.has(name));
  }

  private missing(wanted: readonly PlaneName[], rows: Band): PlaneName[] {
    const { planes, ny } = this;
    const end = Math.min(ny, rows.y0 + rows.ny);
    const inside = { y0: Math.max(0, rows.y0), ny: end - Math.max(0, rows.y0) };
    return this.existing(wanted).filter((name) => !planes.has(name) || !covers(planes.rowsOf(name), inside));
  }

  private existing(wanted: readonly PlaneName[]): PlaneName[] {
    return wanted.filter((name) => !OPTIONAL.includes(name) || this.model.plane(name));
  }

  private load(wanted: readonly PlaneName[], rows: Band): Promise<void> {
    this.loading = this.bring(wanted, rows).finally(() => (this.loading = undefined));
    return this.loading;
  }

  private async bring(wanted: readonly PlaneName[], rows: Band): Promise<void> {
    const { gpu } = this.ctx;
    const { nx, ny, planes } = this;
    const names = this.missing(wanted, rows);
    const absent = this.absent(names);
    const sources = new Map(names.map((name) => [name, this.source(name)]));
    this.coming = this.missingBytes(absent);
    try {
      await this.makeRoom(this.coming);
      for (const name of absent) {
        const source = sources.get(name)!;
        const buffer = gpu.alloc(`${this.model.filename} ${name}`, bytesOf(source, this.model.shape));
        planes.set(name, { buffer, nx, ny, half: source.datatype === "float16" });
      }
      this.coming = 0;
      const plans = names.map((name) => this.plan(name, rows));
      const fresh = plans.flatMap(({ name, fresh }) => fresh.map((part) => ({ name, rows: part })));
      await settled(fresh.map((part) => this.fill(part, sources.get(part.name)!)));
      for (const { name, rows } of plans) planes.setRows(name, rows);
      this.apply(fresh, 0);
    } catch (error) {
      this.coming = 0;
      planes.free(planes.names.filter((name) => !absent.includes(name)));
      throw error;
    }
  }

  /** What a plane is to have: what it has, rows that changed, and the `rows`; `fresh`: those to come, the changed ones by themselves. */
  private plan(name: PlaneName, rows: Band): PlaneRows & { readonly fresh: readonly Band[] } {
    const held = this.planes.rowsOf(name);
    const changed = name === "dq" && this.changedDq ? this.changedDq.rows : held;
    const known = held.ny > 0 ? held : changed;
    const all = joinedRows(known, this.planes.wholeParts(rows));
    const end = known.y0 + known.ny;
    const above = { y0: end, ny: all.y0 + all.ny - end };
    const around = known.ny > 0 ? [{ y0: all.y0, ny: known.y0 - all.y0 }, above] : [all];
    const fresh = held.ny > 0 ? around : [known, ...around];
    return { name, rows: all, fresh: fresh.filter(({ ny }) => ny > 0) };
  }

  private fill({ name, rows }: PlaneRows, source: PlaneSource): Promise<void> {
    const { buffer, half } = this.planes.part(name, rows);
    const { changedDq } = this;
    if (name === "dq" && changedDq?.rows === rows) return this.ctx.gpu.fill(buffer, changedDq.bytes.pieces());
    const rowBytes = (half ? 2 : 4) * this.nx;
    return this.ctx.gpu.fill(buffer, source.pieces(rowBytes * rows.y0, rowBytes * rows.ny));
  }

  /** Records the transforms from the `first` on for rows of planes that have not seen them. */
  private apply(parts: readonly PlaneRows[], first: number): void {
    const rec = this.ctx.gpu.recorder("transform");
    for (const { name, rows } of parts) {
      if (rows.ny === 0) continue;
      const plane = this.planes.part(name, rows);
      const given = { [KEYS[name]]: name === "dq" ? plane.buffer : plane };
      for (let k = Math.max(first, this.seen.get(name) ?? 0); k < this.transforms.length; k++)
        this.transforms[k](rec, given);
    }
    rec.submit();
  }

  private source(name: PlaneName): PlaneSource {
    const source = this.model.plane(name);
    const where = `${this.model.source}: roman.${name}`;
    if (!source) throw new UserError(`${where} is missing; expected a calibrated WFI image (_cal)`);
    const [ny, nx] = source.shape;
    if (source.shape.length !== 2 || ny !== this.ny || nx !== this.nx)
      throw new UserError(
        `${where} has shape ${source.shape.join(" x ")}; expected ${this.ny} x ${this.nx} as roman.data`,
      );
    const expected = name === "dq" ? ["uint32"] : ["float32", "float16"];
    if (!expected.includes(source.datatype))
      throw new UserError(`${where} is ${source.datatype}; expected ${expected.join(" or ")}`);
    return source;
  }
}

const KEYS = {
  data: "data",
  err: "err",
  dq: "dq",
  var_poisson: "varPoisson",
  var_rnoise: "varRnoise",
  var_flat: "varFlat",
} as const;

function bytesOf({ datatype }: PlaneSource, [ny, nx]: readonly [number, number]): number {
  return nx * ny * (datatype === "float16" ? 2 : 4);
}

/** All of them, to their end also where one fails. */
async function settled(all: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(all);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
