import { measure, record } from "../helpers/record.js";
import type { Complaints } from "./compare.js";

/** Keys that tell of the writer, the run or the moment; `wcs` is compared on a grid. As in compare.py. */
const SKIP = new Set([
  "calibration_software_name",
  "calibration_software_version",
  "file_date",
  "cal_logs",
  "filename",
  "prd_version",
  "versions",
  "date",
  "wcs",
  "members",
  "rotation_matrix",
  "individual_image_meta", // tables: compared in test/host/models
]);
const RELATIVE = 1e-5;
const STATISTICS_RELATIVE = 1e-3;

type Leaf = [path: string, value: unknown];

function* leaves(node: unknown, path = ""): Generator<Leaf> {
  if (Array.isArray(node)) for (const [i, value] of node.entries()) yield* leaves(value, `${path}[${i}]`);
  else if (typeof node === "object" && node !== null && Object.getPrototypeOf(node) === Object.prototype) {
    for (const [key, value] of Object.entries(node))
      if (!SKIP.has(key)) yield* leaves(value, `${path}.${key}`);
  } else yield [path, node];
}

/** Scalars as the golden keeps them: times in ISO form, tagged scalars and bigints by their value. */
function plain(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "value" in value)
    return plain((value as { value: unknown }).value);
  return typeof value === "bigint" ? Number(value) : value;
}

const relativeLimit = (path: string): number =>
  path.startsWith(".statistics") ? STATISTICS_RELATIVE : RELATIVE;

/** How far a number is off, relative to romancal's; within the limit where that is at most `relativeLimit`. */
function apart(ours: unknown, theirs: number, path: string): number {
  if (typeof ours !== "number") return Infinity;
  if (Number.isNaN(theirs)) return Number.isNaN(ours) ? 0 : Infinity;
  return Math.abs(ours - theirs) / (Math.abs(theirs) + 1e-9 / relativeLimit(path));
}

/**
 * romancal's metadata against ours: every leaf of romancal's must be there and the same (compare.py compare_meta). Figures are recorded
 * under `name` where one is given.
 */
export function compareMeta(ours: unknown, theirs: unknown, out: Complaints, name?: string): void {
  const mine = new Map([...leaves(ours)].map(([path, value]) => [path, plain(value)]));
  const groups = new Map<string, { numbers: number[]; others: number[] }>();
  for (const [path, wanted] of leaves(theirs)) {
    const value = mine.get(path);
    const key = /^\.\w+/.exec(path)?.[0].slice(1) ?? path;
    const group = groups.get(key) ?? { numbers: [], others: [] };
    groups.set(key, group);
    let same: boolean;
    if (typeof wanted === "number") {
      const off = apart(value, wanted, path);
      group.numbers.push(off);
      same = off <= relativeLimit(path);
    } else {
      same = mine.has(path) && (path.endsWith("s_region") || String(value) === String(wanted));
      group.others.push(Number(!same));
    }
    if (!mine.has(path)) out.push(`meta${path} is missing, romancal has ${String(wanted)}`);
    else if (!same) out.push(`meta${path} is ${String(value)}, romancal has ${String(wanted)}`);
  }
  if (name === undefined) return;
  for (const [key, { numbers, others }] of groups)
    record({ kind: "meta", name: key, case: name }, [
      measure("numbers", "relative", relativeLimit(`.${key}`), numbers),
      measure("others", "that differ", 0, others),
    ]);
}
