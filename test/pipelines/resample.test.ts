import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FrameFile, type TypedArray } from "../../src/host/asdf/index.js";
import { interpretBitFlags, openDataset, type WfiImage } from "../../src/host/models/index.js";
import type { PixelMap } from "../../src/host/wcs/pixmap.js";
import { makeContext, type RunContext } from "../../src/pipelines/context.js";
import { fillValue, geometryOf, type GroupOptions } from "../../src/pipelines/drizzle_group.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { buildMosaic } from "../../src/pipelines/mosaic_bands.js";
import { mosaicGrid } from "../../src/pipelines/mosaic_grid.js";
import { resolve } from "../../src/pipelines/option_types.js";
import { STEPS } from "../../src/pipelines/options.js";
import { resample } from "../../src/pipelines/resample.js";
import { scratch } from "../helpers/cli.js";
import { testGpu } from "../helpers/gpu.js";
import { fixtures } from "../parity/golden.js";

const GROUP: GroupOptions = {
  pixfrac: 1,
  kernel: "square",
  stepsize: 10,
  order: 3,
  goodBits: interpretBitFlags("~DO_NOT_USE"),
};

let ctx: RunContext;
let library: ModelLibrary;
let models: readonly WfiImage[];

beforeAll(async () => {
  ctx = makeContext(await testGpu(), { skymap: `${fixtures}references/skymap_bundled.asdf` });
  const opened = await openDataset(`${fixtures}bundled/L3_asn.json`);
  ({ models } = opened);
  library = new ModelLibrary(ctx, opened.association, models);
});
afterAll(async () => {
  await library.evictAll();
  await Promise.all(models.map((model) => model.close()));
});

function bytes(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Largest distance of a pixel from its image under a map that should be the identity. */
function worstPlace(map: PixelMap, nx: number, ny: number): number {
  const at = [0, 0];
  let worst = 0;
  for (let y = 0; y < ny; y += 3)
    for (let x = 0; x < nx; x += 3) {
      map.pixel(x, y, at);
      worst = Math.max(worst, Math.abs(at[0] - x), Math.abs(at[1] - y));
    }
  return worst;
}

describe("buildMosaic", () => {
  it("gives the same bits in bands as in one piece, and again", async () => {
    const grid = await mosaicGrid(ctx, library, true);
    const before = ctx.gpu.memory.used;
    const whole = await buildMosaic(ctx, library, grid, GROUP, NaN);
    expect(whole.kept).toBeDefined();
    for (const buffer of [whole.kept!.data, whole.kept!.err]) buffer.free();
    const file = new FrameFile(join(await scratch(), "frames"), "the mosaic", 1000);
    for (const [maxRows, frames] of [[grid.shape[0]], [97], [grid.shape[0], file], [97, file]] as const) {
      const again = await buildMosaic(ctx, library, grid, GROUP, NaN, { maxRows, frames });
      for (const name of ["data", "err", "weight", "var_poisson", "var_rnoise", "context"] as const) {
        expect(again.planes.planes[name].shape).toEqual(whole.planes.planes[name].shape);
        const [a, b] = [await again.planes.planes[name].read(), await whole.planes.planes[name].read()];
        expect(Buffer.compare(bytes(a), bytes(b)), name).toBe(0);
      }
      expect(again.statistics).toEqual(whole.statistics);
      expect(again.exposure.max).toBe(whole.exposure.max);
      // partial sums of other pixels: f32 within a workgroup
      expect(again.exposure.mean).toBeCloseTo(whole.exposure.mean, 3);
      if (maxRows === 97) expect(again.kept).toBeUndefined();
      else for (const buffer of [again.kept!.data, again.kept!.err]) buffer.free();
    }
    await file.remove();
    await library.evictAll();
    expect(ctx.gpu.memory.used).toBeLessThanOrEqual(before);
  });

  it("gives back an exposure on its own grid", async () => {
    const [exposure] = library.exposures;
    const own = { wcs: exposure.wcs, shape: exposure.model.shape, pixelScaleRatio: 1 };
    const one = new ModelLibrary(ctx, library.association, [models[0]]);
    const { planes, kept } = await buildMosaic(ctx, one, own, GROUP, NaN);
    const [made, weight] = [planes.planes.data.values(), planes.planes.weight.values()] as Float32Array[];
    const data = (await models[0].plane("data")!.read()) as Float32Array;
    const dq = (await models[0].plane("dq")!.read()) as Uint32Array;
    const { nx, ny } = exposure;
    const off = worstPlace(geometryOf(exposure, own, GROUP).map, nx, ny);
    expect(off).toBeLessThan(2e-4); // the distortion's inverse in the file is a fit, good to this
    let wrong = 0;
    for (let y = 1; y + 1 < ny; y++)
      for (let x = 1; x + 1 < nx; x++) {
        const i = y * nx + x;
        if (dq[i] & 1 || Number.isNaN(data[i])) continue;
        // a pixel that is off by that much takes in at most as much of each neighbour, by weight
        const leak = (j: number): number => (weight[j] / weight[i]) * Math.abs(data[j] - data[i]);
        const taken = [-nx, nx, -1, 1].reduce((sum, step) => sum + (leak(i + step) || 0), 0);
        const slack = 2 * off * taken + 1e-6 * Math.abs(data[i]);
        if (!(Math.abs(made[i] - data[i]) <= slack)) wrong++;
      }
    expect(wrong).toBe(0);
    for (const buffer of [kept!.data, kept!.err]) buffer.free();
    await one.evictAll();
  });
});

describe("mosaicGrid", () => {
  it("computes a grid where it is told to, by the options", async () => {
    const computed = await mosaicGrid(ctx, library, false);
    expect(computed.pixelScaleRatio).toBe(1);
    const shaped = await mosaicGrid(ctx, library, false, { shape: [30, 40], pscale: 1e-4, rotation: 0 });
    expect(shaped.shape).toEqual([30, 40]);
    expect(shaped.wcs.fitsImaging?.cdelt).toEqual([1e-4, 1e-4]);
  });

  it("names what is missing where a sky cell cannot be found", async () => {
    const bare = { ...ctx, skymap: undefined };
    await expect(mosaicGrid(bare, library, true)).rejects.toThrow(/target: sky cell .* no skymap was given/);
    const other = { ...ctx, skymap: `${fixtures}references/skymap_pole.asdf` };
    await expect(mosaicGrid(other, library, true)).rejects.toThrow(/skymap_pole.asdf: no sky cell/);
  });

  it("falls back to the footprints, with romancal's warnings, where the association names no sky cell", async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const { association } = await openDataset(models.slice(0, 2));
    const grid = await mosaicGrid(
      { ...ctx, log },
      new ModelLibrary(ctx, association, models.slice(0, 2)),
      true,
    );
    expect(grid.pixelScaleRatio).toBe(1);
    expect(warnings[0]).toMatch(/Unable to compute skycell from input association/);
    expect(warnings[1]).toBe("Computing output wcs from all input wcses");
  });
});

describe("resample", () => {
  it("counts groups as pointings and writes romancal's metadata", async () => {
    const { mosaic, planes } = await resample(ctx, library, resolve(STEPS.resample, {}, "resample."));
    const meta = mosaic.metadata;
    expect(meta.number("resample.pointings")).toBe(library.groupIndices().size);
    expect(meta.string("cal_step.resample")).toBe("COMPLETE");
    expect(meta.number("coadd_info.max_exposure_time")).toBeGreaterThan(
      meta.number("coadd_info.exposure_time") - 1e-3,
    );
    for (const buffer of [planes!.data, planes!.err]) buffer.free();
  });

  it("refuses nonsense, by name", () => {
    for (const [option, value] of Object.entries({
      kernel: "tophat",
      weight_type: "median",
      pixfrac: -0.1,
      include_var_flat: "perhaps",
      output_shape: [0, 5],
      pixmap_order: 2,
    }))
      expect(() => resolve(STEPS.resample, { [option]: value }, "resample.")).toThrow(`resample.${option}=`);
  });
});

describe("fillValue", () => {
  it("reads romancal's words", () => {
    expect(fillValue("x", "NaN")).toBeNaN();
    expect(fillValue("x", "NAN")).toBeNaN();
    expect(fillValue("x", "indef")).toBe(0);
    expect(fillValue("x", "-1.5")).toBe(-1.5);
    expect(fillValue("x", "-inf")).toBe(-Infinity);
    expect(fillValue("x", "Infinity")).toBe(Infinity);
    expect(() => fillValue("resample", "none at all")).toThrow(/resample\.fillval="none at all"/);
  });
});
