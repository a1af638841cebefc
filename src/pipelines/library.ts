import type { Association, WfiImage } from "../host/models/index.js";
import { spareBuffers } from "../host/workers/pool.js";
import type { RunContext } from "./context.js";
import { Exposure } from "./exposure.js";

/** Exposures read ahead where the host has memory and cores to spare. */
const HARDWARE_AHEAD = 3;

/** The exposures of an association, in its order, with the room they share on the device. Follows romancal's ModelLibrary. */
export class ModelLibrary {
  readonly exposures: readonly Exposure[];
  /** Whether the exposures' pixels are wanted after the last step; else each leaves the device, unsaved, with its last use. */
  pixelsWanted = true;
  private uses = 0;
  private readonly retired = new Set<number>();

  constructor(
    private readonly ctx: RunContext,
    readonly association: Association,
    models: readonly WfiImage[],
  ) {
    this.exposures = models.map(
      (model) => new Exposure(ctx, model, model.wcs, (bytes, keep) => this.makeRoom(bytes, keep)),
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

  /** Run `work` with an exposure's planes on the device. */
  async with<T>(index: number, work: (exposure: Exposure) => Promise<T>): Promise<T> {
    const exposure = this.exposures[index];
    exposure.lastUse = ++this.uses;
    await exposure.acquire();
    try {
      this.readAhead(index + 1);
      return await work(exposure);
    } finally {
      exposure.release();
    }
  }

  /** Begin to read the exposures that are most likely wanted next: the steps go through them in order, again and again. */
  private readAhead(from: number): void {
    if (this.ctx.exposureBudget === 0) return;
    const { length } = this;
    const missing = (k: number): boolean =>
      !this.retired.has(k) && this.exposures[k].residentBytes === 0 && !this.exposures[k].pinned;
    const order = Array.from({ length: length - 1 }, (_, k) => (from + k) % length).filter(missing);
    const depth = this.ctx.gpu.info.kind === "hardware" ? HARDWARE_AHEAD : 1;
    const ahead = order.slice(0, depth);
    for (const [k, exposure] of this.exposures.entries()) if (!ahead.includes(k)) exposure.forgetAhead();
    for (const k of ahead) this.exposures[k].readAhead();
    if (order.length === 0) spareBuffers.clear();
  }

  /** No step needs this exposure's pixels again. */
  retire(index: number): void {
    if (this.pixelsWanted) return;
    this.retired.add(index);
    this.exposures[index].drop();
  }

  /** Take every exposure off the device, and give back the memory: what follows has buffers of other sizes. */
  async evictAll(): Promise<void> {
    for (const exposure of this.exposures) {
      exposure.forgetAhead();
      await exposure.evict();
    }
    spareBuffers.clear();
    this.ctx.gpu.memory.trim();
  }

  private async makeRoom(bytes: number, keep: Exposure): Promise<void> {
    keep.lastUse = ++this.uses;
    const others = this.exposures.filter(
      (exposure) => exposure !== keep && exposure.residentBytes > 0 && !exposure.pinned,
    );
    others.sort((a, b) => a.lastUse - b.lastUse);
    let resident = this.exposures.reduce((sum, exposure) => sum + exposure.residentBytes, 0);
    for (const exposure of others) {
      if (resident + bytes <= this.ctx.exposureBudget && bytes <= this.ctx.gpu.memory.available) return;
      resident -= exposure.residentBytes;
      await exposure.evict();
    }
  }
}
