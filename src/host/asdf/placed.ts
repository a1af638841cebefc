import { HEADER_BYTES } from "./blocks.js";
import type { FrameFile } from "./frame_file.js";
import { FrameStore } from "./frames.js";
import type { Plan, PlannedBlock } from "./plan.js";

/** Frames that lie together in a file. */
export type PlacedStore = FrameStore & { readonly start: number };

/** A plan whose first blocks are those that lie in a file already, in their order there. */
export interface PlacedPlan {
  readonly plan: Plan;
  readonly stores: readonly PlacedStore[];
}

/** Undefined where blocks do not lie in the file one after the other from its first on. */
export function placedFirst(plan: Plan, file: FrameFile): PlacedPlan | undefined {
  const startOf = ({ store, compression }: PlannedBlock): number | undefined =>
    store instanceof FrameStore && store.file === file && compression === "lz4" ? store.start : undefined;
  const placed = plan.blocks.filter((block) => startOf(block) !== undefined);
  placed.sort((a, b) => startOf(a)! - startOf(b)!);
  const stores = placed.map(({ store }) => store as PlacedStore);
  let end = file.room;
  for (const { start, used } of stores) {
    if (start !== end + HEADER_BYTES) return undefined;
    end = start + used;
  }
  if (stores.length === 0) return undefined;
  const blocks = [...placed, ...plan.blocks.filter((block) => !placed.includes(block))];
  const sources = new Map(
    [...plan.sources].map(([array, source]) => [
      array,
      typeof source === "number" ? blocks.indexOf(plan.blocks[source]) : source,
    ]),
  );
  return { plan: { ...plan, blocks, sources }, stores };
}
