import { basename } from "node:path";
import { stat } from "node:fs/promises";
import { type AsdfMap, NdArray, describeDatatype, isMap } from "../asdf/index.js";
import { type RomanFile, describeKind } from "../models/roman_file.js";
import { computeScale, yAxisAngle, Wcs } from "../wcs/index.js";
import { countLabels, exposuresLine, flagLines, rangeLine } from "./statistics.js";
import { Facts, angle, bytes, plainText, sexagesimal, short, wrap } from "./words.js";

export interface InfoOptions {
  /** Read the arrays and tell the range of their values. */
  readonly stats?: boolean;
  /** Columns of a line (default 100). */
  readonly width?: number;
}

type Row = readonly [label: string, lines: readonly string[]];

const LABEL = 12;

/**
 * A Roman file in a screenful: what it is, where on the sky, through what, when, what was done to it, what it holds. Reads the
 * tree alone, with `stats` the arrays too. What the file does not say, or says is unknown, is left out.
 */
export async function describeRoman(file: RomanFile, options: InfoOptions = {}): Promise<string> {
  const { width = 100, stats = false } = options;
  const { roman, kind, path } = file;
  const meta = new Facts(isMap(roman.meta) ? roman.meta : {});
  const size = await stat(path).then((entry) => entry.size);
  const reference = meta.text("reftype");
  const type = reference === undefined ? describeKind(kind) : `a reference file, ${reference}`;
  const head = [`${basename(path)} (${bytes(size)}): ${type}`, ""];
  const rows: Row[] = [
    ["what", [whatOf(roman, kind, meta)]],
    ["sky", await skyOf(roman, kind)],
    ["sky cell", one(meta.text("wcsinfo.skycell_name"))],
    ["sky cells", skycellsOf(meta)],
    ["exposure", exposureOf(meta)],
    ["coadd", coaddOf(meta)],
    ["observation", programOf(meta)],
    ["unit", unitOf(meta, kind)],
    ["background", backgroundOf(meta)],
    ["steps", stepsOf(meta, width - LABEL)],
    ["software", softwareOf(meta)],
    ["reference", referenceOf(meta)],
    ["tables", tablesOf(roman)],
    ["arrays", await arraysOf(roman, stats, width - LABEL)],
  ];
  const body = rows.flatMap(([label, lines]) =>
    lines.filter((line) => line !== "").map((line, i) => `${(i === 0 ? label : "").padEnd(LABEL)}${line}`),
  );
  return [...head, ...body].join("\n");
}

function one(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}

function joined(parts: readonly (string | undefined | false)[], between = ", "): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== "").join(between);
}

function mainArray(roman: AsdfMap): NdArray | undefined {
  return roman.data instanceof NdArray ? roman.data : undefined;
}

function whatOf(roman: AsdfMap, kind: string | undefined, meta: Facts): string {
  const shape = mainArray(roman)?.shape;
  const element = meta.text("instrument.optical_element");
  const title = joined([
    meta.text("instrument.detector") ?? meta.text("instrument.name"),
    element && `filter ${element}`,
    shape && `${[...shape].reverse().join(" × ")} pixels`,
    meta.text("exposure.type"),
    meta.text("product_type"),
  ]);
  return title || plainText(kind ?? "Roman file");
}

/** Where the middle of the image lies, how it is turned, its pixels and its size. */
async function skyOf(roman: AsdfMap, kind: string | undefined): Promise<string[]> {
  const meta = roman.meta as AsdfMap;
  const shape = mainArray(roman)?.shape;
  if (!isMap(meta) || meta.wcs === undefined || meta.wcs === null || shape?.length !== 2) {
    if (kind?.startsWith("wfi_")) return ["no WCS"];
    return isMap(meta) ? fromWcsInfo(new Facts(meta)) : [];
  }
  try {
    const wcs = await Wcs.fromAsdf(meta.wcs);
    const [ny, nx] = shape;
    const [ra, dec] = wcs.forward((nx - 1) / 2, (ny - 1) / 2);
    if (!Number.isFinite(ra + dec)) return ["the WCS gives no position for the middle of the image"];
    const scale = computeScale(wcs, ra, dec);
    return skyLines(ra, dec, scale, yAxisAngle(wcs, ra, dec), [nx * scale, ny * scale]);
  } catch (error) {
    return [`the WCS cannot be read: ${plainText((error as Error).message)}`];
  }
}

function fromWcsInfo(meta: Facts): string[] {
  const [ra, dec] = [meta.number("wcsinfo.ra"), meta.number("wcsinfo.dec")];
  const scale = meta.number("wcsinfo.pixel_scale");
  if (ra === undefined || dec === undefined || scale === undefined) return [];
  return skyLines(ra, dec, scale, meta.number("wcsinfo.orientation") ?? 0);
}

function skyLines(ra: number, dec: number, scale: number, turn: number, size?: [number, number]): string[] {
  const degrees = `${ra.toFixed(5)} ${dec >= 0 ? "+" : ""}${dec.toFixed(5)}`;
  const y = ((turn % 360) + 360) % 360;
  return [
    `${sexagesimal(ra, dec)} (${degrees}) ICRS, the middle`,
    joined([
      size && `${angle(size[0])} × ${angle(size[1])}`,
      `${(scale * 3600).toFixed(4)}" a pixel`,
      `y axis at position angle ${(y >= 359.95 ? 0 : y).toFixed(1)}°`,
    ]),
  ];
}

function exposureOf(meta: Facts): string[] {
  const start = meta.time("exposure.start_time");
  const seconds = meta.number("exposure.exposure_time");
  const effective = meta.number("exposure.effective_exposure_time");
  if (start === undefined && seconds === undefined) return [];
  const table = meta.text("exposure.ma_table_name");
  return [
    joined([
      start && `${start} UTC`,
      seconds !== undefined && `${short(seconds)} s`,
      effective !== undefined && effective !== seconds && `${short(effective)} s effective`,
      table && `MA table ${table}`,
      meta.boolean("exposure.truncated") === true && "truncated",
    ]),
    joined([meta.text("exposure.data_problem") && `data problem: ${meta.text("exposure.data_problem")}`]),
  ];
}

function coaddOf(meta: Facts): string[] {
  const seconds = meta.number("coadd_info.exposure_time");
  if (seconds === undefined) return [];
  const pointings = meta.number("resample.pointings");
  const longest = meta.number("coadd_info.max_exposure_time");
  return [
    joined([
      pointings !== undefined && `${pointings} pointing${pointings === 1 ? "" : "s"}`,
      `${short(seconds)} s a pixel on average`,
      longest !== undefined && `${short(longest)} s at most`,
    ]),
    joined([meta.time("coadd_info.time_first"), meta.time("coadd_info.time_last")], " to "),
    joined([
      meta.text("resample.weight_type") && `weights ${meta.text("resample.weight_type")}`,
      meta.number("resample.pixfrac") !== undefined && `pixfrac ${meta.number("resample.pixfrac")}`,
      meta.text("association.name") && `association ${meta.text("association.name")}`,
    ]),
  ];
}

function programOf(meta: Facts): string[] {
  const keys = ["program", "execution_plan", "pass", "segment", "observation", "visit", "exposure"];
  const numbers = keys.map((key) => {
    const value = meta.text(`observation.${key}`);
    return value === undefined ? undefined : `${key.replace("_", " ")} ${value}`;
  });
  return [
    joined(numbers),
    joined([
      meta.text("program.title") && `"${meta.text("program.title")}"`,
      meta.text("program.investigator_name"),
      meta.text("program.category"),
    ]),
  ];
}

/** Of a skymap: what all its cells have in common. */
function skycellsOf(meta: Facts): string[] {
  const [pixels, scale] = [meta.number("nxy_skycell"), meta.number("pixel_scale")];
  if (pixels === undefined || scale === undefined) return [];
  const side = angle((pixels * scale) / 3600);
  const border = meta.number("skycell_border_pixels");
  return [
    `${pixels} × ${pixels} pixels of ${scale}", ${side} a side${border === undefined ? "" : `, border ${border} pixels`}`,
  ];
}

function unitOf(meta: Facts, kind: string | undefined): string[] {
  if (kind !== "wfi_image" && kind !== "wfi_mosaic") return [];
  const flux = meta.text("cal_step.flux");
  if (flux === "COMPLETE") return ["MJy/sr"];
  const factor = meta.number("photometry.conversion_megajanskys");
  return [joined([flux && "DN/s", factor !== undefined && `1 DN/s is ${short(factor)} MJy/sr`])];
}

function backgroundOf(meta: Facts): string[] {
  const level = meta.number("background.level");
  if (level === undefined) return [];
  const subtracted = meta.boolean("background.subtracted");
  return [
    joined([
      short(level),
      meta.text("background.method") && `by skymatch ${meta.text("background.method")}`,
      subtracted !== undefined && (subtracted ? "subtracted" : "not subtracted"),
    ]),
  ];
}

function stepsOf(meta: Facts, width: number): string[] {
  const groups = new Map<string, string[]>();
  for (const step of Object.keys(meta.map("cal_step"))) {
    const state = meta.text(`cal_step.${step}`) ?? "?";
    groups.set(state, [...(groups.get(state) ?? []), plainText(step)]);
  }
  const order = ["COMPLETE", "SKIPPED", "INCOMPLETE"];
  const names: Readonly<Record<string, string>> = {
    COMPLETE: "done",
    SKIPPED: "skipped",
    INCOMPLETE: "not run",
  };
  return [...groups]
    .sort(([a], [b]) => ((order.indexOf(a) + 9) % 9) - ((order.indexOf(b) + 9) % 9))
    .flatMap(([state, steps]) =>
      wrap([`${names[state] ?? state.toLowerCase()}: ${steps[0]}`, ...steps.slice(1)], width),
    );
}

function softwareOf(meta: Facts): string[] {
  return [
    joined([
      joined([meta.text("calibration_software_name"), meta.text("calibration_software_version")], " "),
      meta.time("file_date.value") ?? meta.time("file_date"),
      meta.text("ref_file.crds.context"),
      meta.text("data_release_id") && `release ${meta.text("data_release_id")}`,
    ]),
  ];
}

function referenceOf(meta: Facts): string[] {
  if (meta.text("reftype") === undefined) return [];
  const after = meta.time("useafter");
  return [
    joined([meta.text("pedigree"), meta.text("author"), after && `use after ${after}`]),
    meta.text("description") ?? "",
  ];
}

/** Tables: of a catalog its columns, of a skymap its cells. */
function tablesOf(roman: AsdfMap): string[] {
  const lines: string[] = [];
  for (const [name, node] of Object.entries(roman)) {
    if (isMap(node) && Array.isArray(node.colnames) && Array.isArray(node.columns)) {
      const first = node.columns[0];
      const data = isMap(first) ? first.data : undefined;
      const rows = data instanceof NdArray ? data.shape[0] : 0;
      lines.push(`${plainText(name)}: ${rowCount(rows)} of ${node.colnames.length} columns`);
    } else if (node instanceof NdArray && typeof node.datatype !== "string" && node.shape.length === 1)
      lines.push(`${plainText(name)}: ${rowCount(node.shape[0])}`);
  }
  return lines;
}

function rowCount(rows: number): string {
  return `${rows} row${rows === 1 ? "" : "s"}`;
}

async function arraysOf(roman: AsdfMap, stats: boolean, width: number): Promise<string[]> {
  const all = Object.entries(roman).filter(
    (entry): entry is [string, NdArray] =>
      entry[1] instanceof NdArray && typeof entry[1].datatype === "string",
  );
  const arrays = all.filter(([, array]) => array.size > 0);
  const name = Math.max(0, ...arrays.map(([key]) => key.length)) + 2;
  const lines: string[] = [];
  for (const [key, array] of arrays) {
    const shape = [...array.shape].reverse().join(" × ");
    const what = `${plainText(key).padEnd(name)}${describeDatatype(array.datatype).padEnd(9)}${shape}`;
    const flags = key === "dq";
    lines.push(what + (stats && !flags ? `  ${await tell(rangeOf(roman, key, array))}` : ""));
    if (stats && flags) {
      const words = await flagLines(array).catch((error: Error) => [plainText(error.message)]);
      lines.push(...wrap(words, width - name).map((line) => " ".repeat(name) + line));
    }
  }
  if (all.length > arrays.length) lines.push(`(${all.length - arrays.length} empty)`);
  return lines;
}

async function rangeOf(roman: AsdfMap, key: string, array: NdArray): Promise<string> {
  const isSegmentation = key === "data" && "detection_image" in roman;
  if (key === "context") return exposuresLine(array);
  return isSegmentation ? `${await countLabels(array)} sources` : rangeLine(array);
}

/** A damaged array is told in its own line. */
function tell(line: Promise<string>): Promise<string> {
  return line.catch((error: Error) => plainText(error.message));
}
