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

function sameNumber(ours: number, theirs: number, path: string): boolean {
  if (Number.isNaN(theirs)) return Number.isNaN(ours);
  const relative = path.startsWith(".statistics") ? STATISTICS_RELATIVE : RELATIVE;
  return Math.abs(ours - theirs) <= relative * Math.abs(theirs) + 1e-9;
}

/** romancal's metadata against ours: every leaf of romancal's must be there and the same (compare.py compare_meta). */
export function compareMeta(ours: unknown, theirs: unknown, out: Complaints): void {
  const mine = new Map([...leaves(ours)].map(([path, value]) => [path, plain(value)]));
  for (const [path, wanted] of leaves(theirs)) {
    const value = mine.get(path);
    if (!mine.has(path)) out.push(`meta${path} is missing, romancal has ${String(wanted)}`);
    else if (typeof wanted === "number") {
      if (typeof value !== "number" || !sameNumber(value, wanted, path))
        out.push(`meta${path} is ${String(value)}, romancal has ${wanted}`);
    } else if (!path.endsWith("s_region") && String(value) !== String(wanted)) {
      out.push(`meta${path} is ${String(value)}, romancal has ${String(wanted)}`);
    }
  }
}
