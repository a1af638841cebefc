import type { Association, WfiImage } from "../host/models/index.js";
import type { RunContext } from "./context.js";
import { Exposure } from "./exposure.js";

/** The exposures of an association, in its order, with the room they share on the device. Follows romancal's ModelLibrary. */
export class ModelLibrary {
  readonly exposures: readonly Exposure[];
  /** Whether the exposures' pixels are wanted after the last step; else each leaves the device, unsaved, with its last use. */
  pixelsWanted = true;
  private uses = 0;

  constructor(
    private readonly ctx: RunContext,
    readonly association: Association,
    models: readonly WfiImage[],
  ) {
    this.exposures = models.map(
      (model) => new Exposure(ctx, model, model.wcs, (bytes, keep) => this.makeRoom(bytes, keep)),
    );
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
      return await work(exposure);
    } finally {
      exposure.release();
    }
  }

  /** No step needs this exposure's pixels again. */
  retire(index: number): void {
    if (this.pixelsWanted) return;
    this.exposures[index].drop();
    this.ctx.gpu.memory.trim();
  }

  /** Take every exposure off the device, and give back the memory: what follows has buffers of other sizes. */
  async evictAll(): Promise<void> {
    for (const exposure of this.exposures) await exposure.evict();
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
