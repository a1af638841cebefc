import { beforeAll, describe, expect, it } from "vitest";
import type { Gpu } from "../../../src/gpu/index.js";
import { openDataset, WfiMosaic } from "../../../src/host/models/index.js";
import { l3WcsInfo, l3WcsInfoToAsdf, skycellWcs } from "../../../src/host/wcs/index.js";
import { makeContext } from "../../../src/pipelines/context.js";
import { SOURCE_CATALOG, type SourceCatalogOptions } from "../../../src/pipelines/options.js";
import { sourceCatalog } from "../../../src/pipelines/source_catalog.js";
import { fixture } from "../../helpers/cli.js";
import { testGpu } from "../../helpers/gpu.js";
import { normals } from "../../reference/random.js";

const NX = 70;
const NY = 53;

/** A small mosaic of noise with the metadata of the bundled exposures; `paint` gives what is added to a pixel. */
async function mosaicOf(paint: (x: number, y: number) => number, weight = 1): Promise<WfiMosaic> {
  const { models, association } = await openDataset(fixture("bundled/L3_asn.json"));
  const noise = normals(NX * NY, 11);
  const data = Float32Array.from(noise, (n, i) => 0.01 * n + paint(i % NX, Math.floor(i / NX)));
  const plane = (value: number): Float32Array => new Float32Array(NX * NY).fill(value);
  const wcs = skycellWcs({
    name: "270p66x50y50",
    pixel_scale: 0.055 / 3600,
    ra_projection_center: 270,
    dec_projection_center: 66,
    x0_projection: 30,
    y0_projection: 20,
    ra_center: 270,
    dec_center: 66,
    nx: NX,
    ny: NY,
    orientat: 0,
  });
  const shape = [NY, NX] as const;
  const mosaic = WfiMosaic.make(
    {
      shape,
      data,
      err: plane(0.01),
      weight: plane(weight),
      var_poisson: plane(1e-4),
      var_rnoise: plane(1e-4),
      context: new Uint32Array(NX * NY).fill(1),
    },
    wcs,
    models,
    association,
    {
      resample: {
        good_bits: "~DO_NOT_USE",
        pixel_scale_ratio: 0.5,
        pixfrac: 1,
        pixmap_order: 3,
        pixmap_stepsize: 10,
        pointings: 4,
        weight_type: "ivm",
      },
      exposure_time: 100,
      max_exposure_time: 100,
      statistics: { image_median: 0, image_rms: 0.01, good_pixel_fraction: 1 },
      wcsinfo: l3WcsInfoToAsdf(l3WcsInfo(wcs, shape)),
    },
  );
  await Promise.all(models.map((model) => model.close()));
  return mosaic;
}

describe("the step on few sources", () => {
  let gpu: Gpu;
  const warnings: string[] = [];
  beforeAll(async () => {
    gpu = await testGpu();
  });
  const options: SourceCatalogOptions = {
    ...(Object.fromEntries(
      Object.entries(SOURCE_CATALOG).map(([name, option]) => [name, option.default]),
    ) as SourceCatalogOptions),
    override_apcorr: fixture("references/apcorr.asdf"),
    fit_psf: false,
  };
  const run = async (mosaic: WfiMosaic, changes: Partial<SourceCatalogOptions> = {}) => {
    warnings.length = 0;
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const before = gpu.memory.used;
    const result = await sourceCatalog(makeContext(gpu, { log }), mosaic, { ...options, ...changes });
    expect(gpu.memory.used, "device memory handed back").toBe(before);
    return result;
  };

  it("none: romancal's empty catalog and a map of zeros", async () => {
    const { table, segmentation } = await run(await mosaicOf(() => 0));
    expect(table.rows).toBe(0);
    expect(table.columns.length).toBe(54);
    expect(segmentation.data.every((label) => label === 0)).toBe(true);
    expect(segmentation.detectionImage).toBeUndefined();
    expect(warnings.join()).toContain("No sources were detected.");
  });

  it("all pixels masked", async () => {
    const { table, segmentation } = await run(await mosaicOf(() => NaN));
    expect(table.rows).toBe(0);
    expect(segmentation.data.length).toBe(NX * NY);
    expect(warnings.join()).toContain("All pixels are masked.");
  });

  it("one, on the edge and without weight", async () => {
    const star = (x: number, y: number): number =>
      5 * Math.exp((-0.5 * ((x - 0.2) ** 2 + (y - 30.4) ** 2)) / 4);
    const { table, segmentation, catalog } = await run(await mosaicOf(star, 0));
    expect(table.rows).toBe(1);
    const value = (name: string): number => Number(catalog.column(name)!.data[0]);
    expect(Math.abs(value("y_centroid") - 30.4)).toBeLessThan(0.1);
    expect(value("bbox_xmin")).toBe(0);
    expect([value("nn_label"), value("nn_distance")]).toEqual([-1, NaN]);
    expect(value("warning_flags")).toBe(1);
    expect(value("segment_flux")).toBeGreaterThan(100 * value("segment_flux_err"));
    expect(Math.max(...segmentation.data)).toBe(1);
    // the detection image comes in nJy: its peak is far above the mosaic's 5 MJy/sr
    expect(Math.max(...segmentation.detectionImage!)).toBeGreaterThan(50);
    expect(warnings.join()).toContain("flagged_spatial_id will be zero");
  });

  it("refuses to run without the references it needs", async () => {
    const mosaic = await mosaicOf(() => 0);
    await expect(run(mosaic, { override_apcorr: null })).rejects.toThrow(/override_apcorr=FILE/);
    await expect(run(mosaic, { fit_psf: true })).rejects.toThrow(/override_epsf=FILE.*fit_psf=false/);
  });
});
