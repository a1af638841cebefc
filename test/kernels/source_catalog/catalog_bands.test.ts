import { describe, expect, it } from "vitest";
import { WfiMosaic } from "../../../src/host/models/index.js";
import { makeContext } from "../../../src/pipelines/context.js";
import { resolve } from "../../../src/pipelines/option_types.js";
import { SOURCE_CATALOG, type SourceCatalogOptions } from "../../../src/pipelines/options.js";
import { type SourceCatalogResult, sourceCatalog } from "../../../src/pipelines/source_catalog.js";
import { fixture } from "../../helpers/cli.js";
import { testGpu } from "../../helpers/gpu.js";

const SEGM = fixture("source_catalog/small_segm.asdf");

async function catalogOf(own: Partial<SourceCatalogOptions>, maxRows?: number): Promise<SourceCatalogResult> {
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
  const gpu = await testGpu();
  const before = gpu.memory.used;
  try {
    return await sourceCatalog(makeContext(gpu), mosaic, options, undefined, { maxRows });
  } finally {
    await mosaic.close();
    expect(gpu.memory.used, "device memory handed back").toBe(before);
  }
}

describe("a catalog in bands of rows", () => {
  it.each([
    ["found", {}],
    ["deblended", { deblend: true }],
    ["forced", { forced_segmentation: SEGM }],
  ])("%s sources: the same bits as from the whole mosaic", async (_name, own) => {
    const whole = await catalogOf(own);
    expect(whole.table.rows).toBeGreaterThan(3);
    // 70 rows: two bands; 12 rows: most sources reach beyond their band
    for (const maxRows of [70, 12]) {
      const { table, segmentation } = await catalogOf(own, maxRows);
      expect(table.columns).toEqual(whole.table.columns);
      expect(segmentation.data).toEqual(whole.segmentation.data);
      expect(segmentation.detectionImage).toEqual(whole.segmentation.detectionImage);
    }
  });
});
