import { measure, type Measured, record } from "../helpers/record.js";
import { CROP_PLANES, type Crop, type CropPlane, type Golden, type Numbers } from "./golden.js";

/**
 * The limits within which romancal agrees with itself when its inputs change in their last bits (tools/oracle/compare.py, which
 * compares whole products; here the stored crops, block means and columns are compared by the same limits).
 */
const SIGMA = 1e-3; // data, err: |difference| in units of romancal's err
const RELATIVE = 2e-5; // weight, variances
const FRACTION = 1e-4; // of pixels that may be out of tolerance: f32 and f64 fall on two sides of a threshold
// Of a crop. At the rim of an exposure slivers of f32 and f64 area fall on two sides of zero; compare.py allows 36 of the whole mosaic.
const CROP_PIXELS = 4;
const BLOCK = 10;
const BLOCK_FRACTION = FRACTION * BLOCK * BLOCK; // a block is off when one of its pixels is
const ROWS = 2;
const FRACTION_ROWS = 0.01;

export interface MosaicPlanes {
  readonly nx: number;
  readonly ny: number;
  readonly planes: Readonly<Record<CropPlane, Numbers>>;
  readonly context: Uint32Array;
}

/** One line for each thing out of tolerance; empty when all is well. */
export type Complaints = string[];

function countBeyond(
  name: string,
  differences: readonly number[],
  limit: number,
  allowed: number,
  out: Complaints,
): void {
  const bad = differences.filter((value) => !(value <= limit)).length;
  if (bad > allowed) {
    out.push(`${name}: ${bad} of ${differences.length} beyond ${limit}, worst ${Math.max(...differences)}`);
  }
}

/** Pixels of crops; figures are recorded under `name` where one is given. */
export function compareCrops(
  ours: MosaicPlanes,
  crops: readonly Crop[],
  out: Complaints,
  name?: string,
): void {
  const all = new Map<string, number[]>();
  const keep = (plane: string, differences: readonly number[]): void =>
    void all.set(plane, (all.get(plane) ?? []).concat(differences));
  for (const crop of crops) {
    const where = `crop at (${crop.x0}, ${crop.y0})`;
    const at = (i: number): number =>
      (crop.y0 + Math.floor(i / crop.size)) * ours.nx + crop.x0 + (i % crop.size);
    const n = crop.size ** 2;
    const pixels = Array.from({ length: n }, (_, i) => i);
    const { data, err } = crop.planes;
    const holes = pixels.map((i) => Number(Number.isNaN(data[i]) !== Number.isNaN(ours.planes.data[at(i)])));
    keep("NaN pattern", holes);
    countBeyond(`${where}: NaN pattern`, holes, 0, CROP_PIXELS, out);
    const good = pixels.filter(
      (i) =>
        Number.isFinite(data[i]) &&
        Number.isFinite(ours.planes.data[at(i)]) &&
        err[i] > 0 &&
        Number.isFinite(err[i]),
    );
    for (const name of CROP_PLANES) {
      const sigma = name === "data" || name === "err";
      const differences = good.map((i) => {
        const theirs = crop.planes[name][i];
        return (
          Math.abs(ours.planes[name][at(i)] - theirs) / (sigma ? err[i] : Math.max(Math.abs(theirs), 1e-30))
        );
      });
      keep(name, differences);
      countBeyond(`${where}: ${name}`, differences, sigma ? SIGMA : RELATIVE, CROP_PIXELS, out);
    }
    const planeCount = crop.context.length / n;
    for (let plane = 0; plane < planeCount; plane++) {
      const differs = pixels.map((i) =>
        Number(ours.context[plane * ours.nx * ours.ny + at(i)] !== crop.context[plane * n + i]),
      );
      keep("context", differs);
      countBeyond(`${where}: context plane ${plane}`, differs, 0, CROP_PIXELS, out);
    }
  }
  if (name === undefined) return;
  for (const [plane, differences] of all) {
    const sigma = plane === "data" || plane === "err";
    const exact = plane === "NaN pattern" || plane === "context";
    const unit = exact ? "pixels that differ" : sigma ? "sigma" : "relative";
    const figures = measure("crops", unit, exact ? 0 : sigma ? SIGMA : RELATIVE, differences);
    record({ kind: "plane", name: plane, case: name }, [figures]);
  }
}

/** Means of finite values over blocks of BLOCK x BLOCK pixels. */
export function blockMeans(plane: Numbers, nx: number, ny: number): Float64Array {
  const columns = Math.floor(nx / BLOCK);
  const means = new Float64Array(columns * Math.floor(ny / BLOCK));
  return means.map((_, block) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < BLOCK * BLOCK; i++) {
      const y = Math.floor(block / columns) * BLOCK + Math.floor(i / BLOCK);
      const value = plane[y * nx + (block % columns) * BLOCK + (i % BLOCK)];
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}

/** Means over blocks of the whole mosaic; figures are recorded under `caseName` where one is given. */
export function compareBlocks(ours: MosaicPlanes, golden: Golden, out: Complaints, caseName?: string): void {
  const { nx, ny } = ours;
  const err = golden.blocks.err;
  const blocks = err.length;
  for (const name of CROP_PLANES) {
    const means = blockMeans(ours.planes[name], nx, ny);
    const sigma = name === "data" || name === "err";
    const differences = [...means].map((mean, i) => {
      const theirs = golden.blocks[name][i];
      if (Number.isNaN(theirs)) return Number.isNaN(mean) ? 0 : Infinity;
      return Math.abs(mean - theirs) / (sigma ? err[i] : Math.max(Math.abs(theirs), 1e-30));
    });
    if (caseName !== undefined) {
      const figures = measure(
        "block means",
        sigma ? "sigma" : "relative",
        sigma ? SIGMA : RELATIVE,
        differences,
      );
      record({ kind: "plane", name, case: caseName }, [figures]);
    }
    countBeyond(
      `block means: ${name}`,
      differences,
      sigma ? SIGMA : RELATIVE,
      Math.floor(BLOCK_FRACTION * blocks),
      out,
    );
  }
  const covered = Float32Array.from(ours.planes.data, (value) => Number(Number.isFinite(value)));
  // a block's coverage changes by 0.01 with one pixel at the rim
  const coverage = [...blockMeans(covered, nx, ny)].map((mean, i) =>
    Math.abs(mean - golden.blocks.covered[i]),
  );
  countBeyond("block means: coverage", coverage, 1e-6, Math.floor(BLOCK_FRACTION * blocks), out);
}

/** Labels one to one and in the same order, source pixels the same in all but FRACTION. */
export function compareSegmentation(ours: Numbers, theirs: Numbers, out: Complaints, name?: string): void {
  const pixels = Array.from({ length: theirs.length }, (_, i) => i);
  const differs = pixels.map((i) => Number(ours[i] > 0 !== theirs[i] > 0));
  if (name !== undefined)
    record({ kind: "plane", name: "segmentation", case: name }, [
      measure("whole", "pixels that differ", 0, differs),
    ]);
  countBeyond("segmentation: source pixels", differs, 0, Math.floor(FRACTION * theirs.length), out);
  const pairs = new Map<number, number>();
  for (const i of pixels) {
    if (!(ours[i] > 0 && theirs[i] > 0)) continue;
    const known = pairs.get(theirs[i]);
    if (known === undefined) pairs.set(theirs[i], ours[i]);
    else if (known !== ours[i]) out.push(`segmentation: label ${theirs[i]} is both ${known} and ${ours[i]}`);
  }
  for (const [label, mine] of pairs)
    if (label !== mine) out.push(`segmentation: label ${label} is ${mine} here`);
}

/** What a float column's differences are counted in, and how many of it they may be. */
function scaleOf(name: string, hasError: boolean): { unit: string; limit: number } {
  if (hasError && name.endsWith("flux")) return { unit: "sigma", limit: 0.05 };
  if (/^([xy]_|ra|dec)/.test(name) && !name.endsWith("err")) return { unit: "pixel", limit: 1e-3 };
  return { unit: "relative", limit: 1e-3 };
}

/** One column by compare.py's rules; rows must already be matched by label. */
function compareColumn(
  name: string,
  ours: Numbers,
  theirs: Numbers,
  golden: Golden["catalog"],
  out: Complaints,
  figures: (measured: Measured) => void,
): void {
  const rows = Array.from({ length: theirs.length }, (_, i) => i);
  const lost = rows.filter((i) => Number.isNaN(ours[i]) && Number.isFinite(theirs[i])).length;
  if (lost) out.push(`${name}: NaN in ${lost} rows where romancal has a number`);
  const finite = rows.filter((i) => Number.isFinite(ours[i]) && Number.isFinite(theirs[i]));
  const errors = golden[`${name}_err`] as Numbers | undefined;
  const sorted = finite.map((i) => Math.abs(theirs[i])).sort((a, b) => a - b);
  const floor = (sorted[sorted.length >> 1] ?? 0) * 1e-2 + 1e-12;
  const dec = golden.dec as Numbers;
  const scale = scaleOf(name, errors !== undefined);
  const scaled = finite.map((i) => {
    const difference = Math.abs(ours[i] - theirs[i]);
    if (scale.unit === "sigma") return difference / Math.max(Math.abs(errors![i]), 1e-30) / scale.limit;
    if (scale.unit === "relative") return difference / Math.max(Math.abs(theirs[i]), floor) / scale.limit;
    if (/^[xy]_/.test(name)) return difference / scale.limit;
    const pixel = 0.055 / 3600 / (name.startsWith("ra") ? Math.cos((dec[i] * Math.PI) / 180) : 1);
    return difference / pixel / scale.limit;
  });
  figures(
    measure(
      name,
      scale.unit,
      scale.limit,
      scaled.map((value) => value * scale.limit),
    ),
  );
  const bad = scaled.filter((value) => !(value <= 1)).length;
  if (bad > Math.max(ROWS, Math.floor(FRACTION_ROWS * finite.length))) {
    const worst = scaled.indexOf(Math.max(...scaled));
    out.push(
      `${name}: ${bad} of ${finite.length} rows, worst ${scaled[worst].toFixed(2)} times the limit in row ${finite[worst]}`,
    );
  }
}

/** Columns whose integer or string values must be the same in all but a few rows. */
function compareExact(
  name: string,
  ours: Numbers,
  theirs: Numbers | readonly string[],
  out: Complaints,
  figures: (measured: Measured) => void,
): void {
  const differs = Array.from({ length: theirs.length }, (_, i) =>
    Number(String(ours[i]) !== String(theirs[i])),
  );
  figures(measure(name, "rows that differ", 0, differs));
  const bad = differs.filter((one) => one > 0).length;
  if (bad > Math.max(ROWS, Math.floor(FRACTION_ROWS * theirs.length)))
    out.push(`${name}: ${bad} of ${theirs.length} rows differ`);
}

/** The columns we deliver against romancal's, rows in order of the labels (the segmentation maps are compared before). */
export function compareCatalog(
  ours: ReadonlyMap<string, Numbers>,
  golden: Golden,
  out: Complaints,
  caseName?: string,
): void {
  const rows = (golden.catalog.label as Numbers).length;
  if (ours.get("label")?.length !== rows) {
    out.push(`catalog: ${ours.get("label")?.length} sources, romancal has ${rows}`);
    return;
  }
  for (const [name, theirs] of Object.entries(golden.catalog)) {
    const column = ours.get(name);
    if (!column) continue;
    const figures = (measured: Measured): void => {
      if (caseName !== undefined) record({ kind: "column", name, case: caseName }, [measured]);
    };
    if (theirs instanceof Float32Array || theirs instanceof Float64Array) {
      const integral = name.startsWith("flagged") || name === "nn_label";
      if (integral) compareExact(name, column, theirs, out, figures);
      else compareColumn(name, column, theirs, golden.catalog, out, figures);
    } else compareExact(name, column, theirs, out, figures);
  }
}
