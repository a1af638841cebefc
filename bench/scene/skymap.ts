import { fileURLToPath } from "node:url";
import {
  type AsdfMap,
  MemoryStore,
  NdArray,
  copyTree,
  openAsdf,
  writeAsdf,
} from "../../src/host/asdf/index.js";
import { type Field, fieldSize } from "../../src/host/asdf/datatype.js";
import { CELL, cellWcs } from "./geometry.js";

const TEMPLATE = "fixtures/references/skymap_bundled.asdf";
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

/** Writes a skymap reference file that knows one sky cell, `size` pixels a side: the bundled one, cut to that cell. */
export async function writeSkymap(root: URL, path: string, size: number): Promise<void> {
  const file = await openAsdf(fileURLToPath(new URL(TEMPLATE, root)));
  try {
    const roman = copyTree(file.tree.roman as AsdfMap);
    (roman.meta as AsdfMap).nxy_skycell = size;
    const middle = (size - 1) / 2;
    const centre = { x_tangent: middle, y_tangent: middle };
    const names = (await (roman.skycells as NdArray).readFields()).name as string[];
    roman.skycells = await oneRow(roman.skycells as NdArray, names.indexOf(CELL.name), {
      ...centre,
      ...cornersOf(size),
    });
    roman.projection_regions = await oneRow(roman.projection_regions as NdArray, 0, {
      ...centre,
      nx: size,
      ny: size,
      skycell_start: 0,
      skycell_end: 1,
    });
    await writeAsdf(path, { roman });
  } finally {
    await file.close();
  }
}

function cornersOf(size: number): Record<string, number> {
  const wcs = cellWcs(size);
  const corners: Record<string, number> = {};
  CORNERS.forEach(([right, up], i) => {
    const [ra, dec] = wcs.forward(right * size - 0.5, up * size - 0.5);
    corners[`ra_corn${i + 1}`] = ra;
    corners[`dec_corn${i + 1}`] = dec;
  });
  return corners;
}

/** One row of a table, some of its numbers replaced. */
async function oneRow(
  table: NdArray,
  row: number,
  values: Readonly<Record<string, number>>,
): Promise<NdArray> {
  const fields = table.datatype as readonly Field[];
  const length = fields.reduce((sum, field) => sum + fieldSize(field), 0);
  const bytes = (await table.store.read(table.layout.offset + row * length, length)).slice();
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    const value = field.name === undefined ? undefined : values[field.name];
    if (value !== undefined && field.datatype === "float64") view.setFloat64(at, value, true);
    if (value !== undefined && field.datatype === "int32") view.setInt32(at, value, true);
    at += fieldSize(field);
  }
  return new NdArray({ shape: [1], datatype: fields, store: new MemoryStore(bytes) });
}
