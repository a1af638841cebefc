import type { Association, PlaneName, WfiImage } from "../host/models/index.js";
import type { Band, RunContext } from "./context.js";
import { Exposure } from "./exposure.js";
import { ALL_PLANES } from "./exposure_planes.js";

/** Exposures read ahead where the host has memory and cores to spare. */
const HARDWARE_AHEAD = 3;
/** Share of their room that exposures keep beside other things, for those in use and read ahead. */
const LEAST_ROOM = 0.4;

/** The exposures of an association, in its order, with the room they share on the device. Follows romancal's ModelLibrary. */
export class ModelLibrary {
  readonly exposures: readonly Exposure[];
  /** Whether the exposures' pixels are wanted after the last step; else each leaves the device, unsaved, with its last use. */
  pixelsWanted = true;
  /** The exposure that was asked for last. */
  private current = 0;
  private readonly retired = new Set<number>();
  private bytesBeside = 0;

  constructor(
    private readonly ctx: RunContext,
    readonly association: Association,
    models: readonly WfiImage[],
  ) {
    this.exposures = models.map(
      (model) => new Exposure(ctx, model, model.wcs, (bytes) => this.makeRoom(bytes)),
    );
  }

  /** Other exposures in place of these, which the device has nothing of. */
  withModels(models: readonly WfiImage[]): ModelLibrary {
    models.forEach((model, i) => (model.memberIndex = i));
    const library = new ModelLibrary(this.ctx, this.association, models);
    library.pixelsWanted = this.pixelsWanted;
    return library;
  }

  get length(): number {
    return this.exposures.length;
  }

  /** Indices of the exposures of each group, in the order of their first member: detectors of one exposure belong together. */
  groupIndices(): Map<string, number[]> {
    const groups = new Map<string, number[]>();
    this.exposures.forEach(({ model }, index) => {
      const id = model.groupId;
      const group = groups.get(id);
      if (group) group.push(index);
      else groups.set(id, [index]);
    });
    return groups;
  }

  /**
   * Run `work` with those planes of an exposure on the device that are `wanted`: all, unless told otherwise, and of them the `rows`. What
   * is wanted next comes meanwhile, of those exposures the rows that `rowsAhead` gives (all without it; of no rows: not at all).
   */
  async with<T>(
    index: number,
    work: (exposure: Exposure) => Promise<T>,
    wanted?: readonly PlaneName[],
    rows?: Band,
    rowsAhead: (index: number) => Band | undefined = () => undefined,
  ): Promise<T> {
    const exposure = this.exposures[index];
    this.current = index;
    if (wanted) for (const other of this.exposures) await other.keepOnly(wanted);
    await exposure.acquire(wanted, rows);
    try {
      this.readAhead(index, rowsAhead, wanted);
      return await work(exposure);
    } finally {
      exposure.release();
    }
  }

  /** Bytes that the exposures and what is free of the device's memory are together. */
  get memory(): number {
    return this.ctx.gpu.memory.available + this.residentBytes;
  }

  /** Run `work` while so many `bytes` of something else take from the room of the exposures: they are read again, but memory stays. */
  async beside<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    this.bytesBeside = bytes;
    try {
      return await work();
    } finally {
      this.bytesBeside = 0;
    }
  }

  /** Bytes that exposures may take on the device. */
  private get room(): number {
    const { exposureBudget } = this.ctx;
    return Math.max(LEAST_ROOM * exposureBudget, exposureBudget - this.bytesBeside);
  }

  /** Begin to read the exposures that are wanted next, as far as none has to leave for it that is wanted sooner. */
  private readAhead(
    index: number,
    rows: (index: number) => Band | undefined,
    wanted: readonly PlaneName[] = ALL_PLANES,
  ): void {
    const { exposureBudget, gpu } = this.ctx;
    if (exposureBudget === 0) return;
    const depth = gpu.info.kind === "hardware" ? HARDWARE_AHEAD : 1;
    const next = Array.from({ length: this.length - 1 }, (_, k) => (index + 1 + k) % this.length);
    const missing = next.filter(
      (k) => !this.retired.has(k) && rows(k)?.ny !== 0 && this.exposures[k].lacks(wanted, rows(k)),
    );
    let room = Math.min(this.room - this.residentBytes, gpu.memory.available);
    for (const k of missing.slice(0, depth)) {
      const later = this.evictable().filter((other) => this.distance(other) > this.distance(k));
      room += later.reduce((sum, other) => sum + this.exposures[other].residentBytes, 0);
      room -= this.exposures[k].missingBytes(wanted);
      if (room < 0) return;
      this.exposures[k].readAhead(wanted, rows(k));
    }
  }

  /** No step needs this exposure's pixels again. */
  retire(index: number): void {
    if (this.pixelsWanted || this.retired.has(index)) return;
    this.retired.add(index);
    this.exposures[index].drop();
    if (this.retired.size === this.length) this.ctx.gpu.memory.trim();
  }

  /** Take every exposure off the device. */
  async evictAll(): Promise<void> {
    for (const exposure of this.exposures) await exposure.evict();
  }

  private get residentBytes(): number {
    return this.exposures.reduce((sum, exposure) => sum + exposure.residentBytes, 0);
  }

  /** How long until an exposure is wanted again: the steps go through them in order, again and again. */
  private distance(index: number): number {
    return (index - this.current + this.length) % this.length;
  }

  /** Exposures on the device that nobody uses, those wanted last first. */
  private evictable(): number[] {
    return [...this.exposures.keys()]
      .filter((k) => this.exposures[k].residentBytes > 0 && !this.exposures[k].pinned)
      .sort((a, b) => this.distance(b) - this.distance(a));
  }

  private async makeRoom(bytes: number): Promise<void> {
    const { room } = this;
    const { gpu } = this.ctx;
    const fits = (): boolean => this.residentBytes <= room && bytes <= gpu.memory.available;
    for (const k of this.evictable()) {
      if (fits()) return;
      await this.exposures[k].evict();
    }
  }
}
