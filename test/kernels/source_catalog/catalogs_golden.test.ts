import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readForcedSegmentation } from "../../../src/host/models/forced_segmentation.js";
import { WfiMosaic } from "../../../src/host/models/index.js";
import { makeContext } from "../../../src/pipelines/context.js";
import { SOURCE_CATALOG, type SourceCatalogOptions } from "../../../src/pipelines/options.js";
import { resolve } from "../../../src/pipelines/option_types.js";
import { type SourceCatalogResult, sourceCatalog } from "../../../src/pipelines/source_catalog.js";
import { UserError } from "../../../src/host/errors.js";
import { unmaskedSources } from "../../../src/pipelines/source_catalog/forced.js";
import { fixture } from "../../helpers/cli.js";
import { testGpu } from "../../helpers/gpu.js";
import { expectColumns, type GoldenColumn } from "./golden_columns.js";

interface Column extends GoldenColumn {
  readonly unit: string | null;
  readonly dtype: string;
}

/** A catalog of romancal's (fixtures/source_catalog/make_catalogs.py). */
interface Golden {
  readonly columns: readonly Column[];
  readonly labels: readonly number[];
  /** Pixels of each label. */
  readonly pixels: readonly number[];
}

const goldens = JSON.parse(readFileSync(fixture("source_catalog/catalogs.json"), "utf8")) as Record<
  "deblend" | "forced",
  Golden
>;
const SEGM = fixture("source_catalog/small_segm.asdf");

async function catalogOf(own: Partial<SourceCatalogOptions>): Promise<SourceCatalogResult> {
  const options = resolve(
    SOURCE_CATALOG,
    {
      npixels: 12,
      override_apcorr: fixture("references/apcorr.asdf"),
      override_epsf: fixture("references/epsf.asdf"),
      ...own,
    },
    "--",
  );
  const mosaic = await WfiMosaic.open(fixture("source_catalog/small_coadd.asdf"));
  const skymap = fixture("references/skymap_bundled.asdf");
  try {
    const context = makeContext(await testGpu(), { skymap, dustMaps: fixture("dust") });
    return await sourceCatalog(context, mosaic, options);
  } finally {
    await mosaic.close();
  }
}

function expectSame(
  { table }: SourceCatalogResult,
  { columns }: Golden,
  caseName: string,
  options: Partial<SourceCatalogOptions>,
): void {
  expect(table.columns.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
  expect(table.columns.map(({ datatype }) => datatype)).toEqual(columns.map(({ dtype }) => dtype));
  expect(table.columns.map(({ unit }) => unit ?? null)).toEqual(columns.map(({ unit }) => unit));
  expectColumns(table, columns, caseName, options);
}

function pixelsOf(labels: Uint32Array): number[] {
  const counts: number[] = [];
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return Array.from(counts, (count) => count ?? 0);
}

/** Catalogs with options changed one at a time, some columns of each (fixtures/source_catalog/make_options.py). */
const changed = JSON.parse(readFileSync(fixture("source_catalog/options.json"), "utf8")) as {
  options: Partial<SourceCatalogOptions>;
  pixels: number[];
  columns: Record<string, (number | null)[]>;
}[];

describe("options of detection", () => {
  it.each(changed)("$options", async ({ options, pixels, columns }) => {
    const { npixels } = SOURCE_CATALOG;
    const result = await catalogOf({ npixels: npixels.default, fit_psf: false, ...options });
    expect(pixelsOf(result.segmentation.data)).toEqual(pixels);
    const wanted = Object.entries(columns).map(([name, values]) => ({ name, values }));
    expectColumns(result.table, wanted, "small, options of detection", options);
  });

  it("differ in what they find", () => {
    const maps = new Set(changed.map(({ pixels }) => pixels.join()));
    expect(maps.size).toBe(changed.length);
  });
});

describe("forced sources", () => {
  it("keep their labels in ascending order; those without an unmasked pixel go", () => {
    const labels = Uint32Array.of(9, 9, 0, 4, 70, 70, 4, 0, 12);
    const { labels: kept, map, dense } = unmaskedSources(labels, (i) => [0, 3, 6, 8].includes(i));
    expect([...kept]).toEqual([9, 70]);
    expect([...map]).toEqual([9, 9, 0, 0, 70, 70, 0, 0, 0]);
    expect([...dense]).toEqual([1, 1, 0, 0, 2, 2, 0, 0, 0]);
  });
});

describe("catalogs of a mosaic that romancal wrote", () => {
  it("deblended: romancal's rows, columns and labels", async () => {
    const options = { deblend: true, npixels: 12 };
    const result = await catalogOf(options);
    expectSame(result, goldens.deblend, "small, deblended", options);
    expect(pixelsOf(result.segmentation.data)).toEqual(goldens.deblend.pixels);
    const whole = await catalogOf({ fit_psf: false });
    expect(whole.table.rows).toBeLessThan(result.table.rows);
  });

  it("forced: romancal's columns, labels kept, masked sources dropped", async () => {
    const result = await catalogOf({ forced_segmentation: SEGM });
    const named = { forced_segmentation: "small_segm.asdf" };
    expectSame(result, goldens.forced, "small, forced", named);
    expect(pixelsOf(result.segmentation.data)).toEqual(goldens.forced.pixels);
    expect(result.catalog.meta.model_type).toBe("ForcedMosaicSourceCatalogModel");
    expect(result.catalog.meta.image).toMatchObject({ forced_segmentation: SEGM });
    expect(Object.keys(result.table.meta ?? {})).toEqual(["aperture_mask_method", "kron_params"]);
  });

  it("forced without a PSF fit has no columns of one", async () => {
    const { table } = await catalogOf({ forced_segmentation: SEGM, fit_psf: false });
    const names = goldens.forced.columns.map(({ name }) => name).filter((name) => !name.includes("psf"));
    expect(table.columns.map(({ name }) => name)).toEqual(names);
  });

  it("refuses segmentation maps that are none of this image", async () => {
    const refuse = async (forced_segmentation: string, words: RegExp): Promise<void> => {
      const run = catalogOf({ forced_segmentation });
      await expect(run).rejects.toThrow(UserError);
      await expect(run).rejects.toThrow(words);
    };
    await refuse(fixture("source_catalog/none_segm.asdf"), /none_segm\.asdf: no such file/);
    await refuse(
      fixture("source_catalog/small_coadd.asdf"),
      /expected a segmentation map \(_segm\), found a mosaic/,
    );
    await refuse(fixture("references/epsf.asdf"), /expected a segmentation map/);
    await expect(readForcedSegmentation(SEGM, [100, 90])).rejects.toThrow(
      /roman\.data: has shape 100 x 100; expected the mosaic's 100 x 90/,
    );
  });
});
