import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import type { SkycellWcsInfo, SkymapRegion } from "../../../src/host/models/index.js";
import { halvesToFloats } from "../../../src/host/numerics/half.js";
import { skycellWcs } from "../../../src/host/wcs/index.js";
import { finishCatalog, measureCatalog } from "../../../src/pipelines/source_catalog/catalog.js";
import { energyCurve } from "../../../src/pipelines/source_catalog/catalog_energy.js";
import type { CatalogTable } from "../../../src/pipelines/source_catalog/columns.js";
import { boxesOf } from "../../../src/pipelines/source_catalog/label.js";
import { wholeImage } from "../../helpers/whole_image.js";
import { testGpu } from "../../helpers/gpu.js";
import type { Scene } from "../../reference/measure.js";
import { uploadScene } from "../../reference/measure_scene.js";

interface Golden {
  readonly shape: readonly [number, number];
  readonly wcs: Pick<
    SkycellWcsInfo,
    | "name"
    | "pixel_scale"
    | "x0_projection"
    | "y0_projection"
    | "ra_projection_center"
    | "dec_projection_center"
    | "orientat"
  >;
  readonly cell: SkycellWcsInfo;
  readonly region: SkymapRegion;
  readonly ee_radii: readonly number[];
  readonly ee_values: readonly number[];
  readonly ee_fractions: readonly number[];
  readonly circle_pix: readonly number[];
  readonly columns: Readonly<
    Record<string, { datatype: string; unit: string; values: (number | string | null)[] }>
  >;
}

const folder = new URL("../../../fixtures/source_catalog/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("measure.json", folder), "utf8")) as Golden;
const [ny, nx] = golden.shape;

function readScene(): { scene: Scene; weight: Float32Array } {
  const bytes = gunzipSync(readFileSync(new URL("measure.bin.gz", folder)));
  const count = nx * ny;
  const half = (k: number): Float64Array =>
    Float64Array.from(
      halvesToFloats(new Uint16Array(bytes.buffer.slice(bytes.byteOffset + 2 * k * count), 0, count)),
    );
  const byte = (k: number): Uint8Array => bytes.subarray(6 * count + k * count, 6 * count + (k + 1) * count);
  const [data, err, detection] = [half(0), half(1), half(2)];
  const masked = Uint8Array.from(data, (v, i) => Number(!(Number.isFinite(v) && err[i] > 0)));
  const segmentation = Uint32Array.from(byte(0));
  const nLabels = segmentation.reduce((a, b) => Math.max(a, b), 0);
  return {
    scene: { nx, ny, data, err, detection, segmentation, masked, nLabels },
    weight: Float32Array.from(byte(1)),
  };
}

/** Where a value may differ from romancal's: the limits of ../../parity's compare.py tightened to what f32 columns can hold. */
function tolerance(name: string, values: readonly number[], i: number): number {
  const column = (key: string): number => Math.abs(Number(golden.columns[key]?.values[i] ?? 0));
  if (name.endsWith("flux")) return 1e-4 * column(`${name}_err`) + 4e-7 * Math.abs(values[i]); // compare.py: 0.05 of the error
  if (name === "kron_abmag_err") return 2e-7; // romancal takes the log of 1 + error / flux in float32
  if (name.includes("centroid_win")) return name.startsWith("ra") || name.startsWith("dec") ? 1e-9 : 3e-4; // steps end at 1e-4 pixel
  if (/^(ra|dec)/.test(name)) return 1e-11; // degrees: 1e-6 pixel
  if (/^[xy]_/.test(name)) return 1e-5;
  return 2e-5 * Math.max(Math.abs(values[i]), 1e-3); // compare.py: 1e-3
}

describe("catalog of hard cases against romancal's", () => {
  let table: CatalogTable;
  const warnings: string[] = [];
  beforeAll(async () => {
    const gpu = await testGpu();
    const { scene, weight } = readScene();
    const boxes = boxesOf(scene.segmentation, nx, scene.nLabels);
    const sources = { parts: wholeImage(uploadScene(gpu, scene)), boxes, weight };
    const { orientat, ...wcs } = golden.wcs;
    const info = { ...wcs, orientat, nx, ny, ra_center: 0, dec_center: 0 };
    const draft = await measureCatalog(gpu, sources, skycellWcs(info), {
      kernel_fwhm: 2,
      energy: energyCurve(golden.ee_radii, golden.ee_values),
      spatial: { cell: golden.cell, region: golden.region, pixelScale: golden.wcs.pixel_scale },
      warn: (message) => warnings.push(message),
    });
    table = finishCatalog(draft);
  });

  it("has romancal's columns, types and units, in order", () => {
    expect(table.columns.map(({ name }) => name)).toEqual(Object.keys(golden.columns));
    for (const { name, datatype, unit } of table.columns) {
      expect([name, datatype, unit ?? ""]).toEqual([
        name,
        golden.columns[name].datatype,
        golden.columns[name].unit,
      ]);
    }
    expect(warnings).toEqual([]);
  });

  it("has romancal's metadata", () => {
    expect(table.meta?.kron_params).toEqual([2.5, 1.4, 0]);
    Array.from(table.meta!.aperture_radii!.circle_pix).forEach((radius, k) =>
      expect(radius).toBeCloseTo(golden.circle_pix[k], 8),
    );
    Array.from(table.meta!.ee_fractions!).forEach((f, k) => expect(f).toBeCloseTo(golden.ee_fractions[k], 7));
  });

  it.each(Object.keys(golden.columns))("%s", (name) => {
    const ours = Array.from(table.columns.find((column) => column.name === name)!.data as ArrayLike<unknown>);
    const theirs = golden.columns[name].values;
    expect(ours.length).toBe(theirs.length);
    if (golden.columns[name].datatype.startsWith("float")) {
      const numbers = theirs.map((value) => (value === null ? NaN : Number(value)));
      numbers.forEach((value, i) => {
        const got = Number(ours[i]);
        if (Number.isNaN(value)) expect(got, `source ${i + 1}`).toBeNaN();
        else
          expect(Math.abs(got - value), `source ${i + 1}: ${got} for ${value}`).toBeLessThanOrEqual(
            tolerance(name, numbers, i),
          );
      });
    } else expect(ours.map(String)).toEqual(theirs.map(String));
  });
});
