import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Gpu } from "../../src/gpu/index.js";
import type { TypedArray } from "../../src/host/asdf/index.js";
import {
  interpretBitFlags,
  openDataset,
  type OpenedDataset,
  type WfiImage,
} from "../../src/host/models/index.js";
import { type Band, makeContext, type RunContext } from "../../src/pipelines/context.js";
import { finalize } from "../../src/pipelines/drizzle.js";
import { drizzleExposures, type GroupOptions, reachedPart } from "../../src/pipelines/drizzle_group.js";
import { Exposure } from "../../src/pipelines/exposure.js";
import { recordFlux } from "../../src/pipelines/flux.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { buildMosaic } from "../../src/pipelines/mosaic_bands.js";
import { type MosaicGrid, mosaicGrid } from "../../src/pipelines/mosaic_grid.js";
import { RoughPlace } from "../../src/pipelines/rough_place.js";
import { testGpu } from "../helpers/gpu.js";
import { fixtures } from "../parity/golden.js";

const GROUP: GroupOptions = {
  pixfrac: 1,
  kernel: "square",
  stepsize: 10,
  order: 3,
  goodBits: interpretBitFlags("~DO_NOT_USE"),
};
const GROUPS: [string, GroupOptions][] = [
  ["as they come", GROUP],
  ["shrunken, with flags and flat", { ...GROUP, pixfrac: 0.6, propagateDq: true, includeVarFlat: true }],
  ["gaussian, by exposure time", { ...GROUP, kernel: "gaussian", pixfrac: 0.8, weightType: "exptime" }],
  ["lanczos3", { ...GROUP, kernel: "lanczos3" }],
  ["by the sky's variance", { ...GROUP, weightType: "ivm-sky" }],
];

let gpu: Gpu;
let ctx: RunContext;
let opened: OpenedDataset;
let models: readonly WfiImage[];

beforeAll(async () => {
  gpu = await testGpu();
  ctx = makeContext(gpu);
  opened = await openDataset(`${fixtures}bundled/L3_asn.json`);
  ({ models } = opened);
});
afterAll(() => Promise.all(models.map((model) => model.close())));

const fresh = (): ModelLibrary => new ModelLibrary(ctx, opened.association, models);

/** What is handed out next holds no number. */
function spoil(count = 24): void {
  const [ny, nx] = models[0].shape;
  for (const bytes of [4 * nx * ny, 2 * nx * ny]) {
    const buffers = Array.from({ length: count }, (_, k) => gpu.alloc(`spoilt ${k}`, bytes));
    const words = new Uint32Array(bytes / 4).fill(0xffffffff);
    for (const buffer of buffers) gpu.write(buffer, words);
    for (const buffer of buffers) buffer.free();
  }
}

/** A grid of [ny, nx] pixels of the exposures' scale about the first one, whose middle lies at its pixel (x, y). */
async function gridAt(
  library: ModelLibrary,
  shape: [number, number],
  x: number,
  y: number,
): Promise<MosaicGrid> {
  const [ny, nx] = models[0].shape;
  const { ra, dec } = models[0].wcs.forwardMany(Float64Array.of((nx - 1) / 2), Float64Array.of((ny - 1) / 2));
  return mosaicGrid(ctx, library, false, { shape, crpix: [x, y], crval: [ra[0], dec[0]], rotation: 25 });
}

const bits = (array: TypedArray): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** All planes of a mosaic drizzled as one, from exposures of which all is held. */
async function whole(grid: MosaicGrid, group: GroupOptions): Promise<Record<string, TypedArray>> {
  const library = fresh();
  for (const exposure of library.exposures) {
    await exposure.acquire();
    exposure.release();
  }
  const [ny, nx] = grid.shape;
  const sums = await drizzleExposures(
    ctx,
    library,
    library.exposures.map((_, k) => k),
    grid,
    { y0: 0, ny },
    group,
    {
      contexts: library.length,
      variances: true,
      flat: group.includeVarFlat,
      flags: group.propagateDq,
      constantWeights: group.weightType === "exptime",
    },
  );
  const rec = gpu.recorder("finalize");
  const planes = finalize(rec, sums, { fill: -7, pixelScaleRatio: grid.pixelScaleRatio });
  rec.submit();
  const named = {
    data: planes.data,
    err: planes.err,
    weight: planes.weight,
    var_poisson: planes.varPoisson,
    var_rnoise: planes.varRnoise,
    var_flat: planes.varFlat,
    context: planes.context[0],
    dq: planes.dq,
  };
  const found: Record<string, TypedArray> = {};
  for (const [name, plane] of Object.entries(named))
    if (plane) found[name] = await gpu.read(plane, Uint32Array, 0, nx * ny);
  sums.free();
  await library.evictAll();
  return found;
}

describe("a mosaic that exposures reach in part", () => {
  // shape, and where the middle of the first exposure lies
  const CORNER: [[number, number], number, number] = [[600, 701], 690, 597];
  it.each(GROUPS)("has the bits of one drizzled as a whole: %s", async (_name, group) => {
    const grid = await gridAt(fresh(), ...CORNER);
    const expected = await whole(grid, group);
    for (const maxRows of [Infinity, 29]) {
      spoil();
      const library = fresh();
      const built = await buildMosaic(ctx, library, grid, group, -7, { maxRows });
      const names = Object.keys(built.planes.planes);
      expect(names.sort()).toEqual(Object.keys(expected).sort());
      for (const name of names)
        expect(bits(await built.planes.planes[name].read()).equals(bits(expected[name])), name).toBe(true);
      for (const buffer of built.kept ? [built.kept.data, built.kept.err] : []) buffer.free();
      await library.evictAll();
    }
  });

  it.each([
    ["within it, at odd places", [[611, 803], 401.3, 333.7]],
    ["at its first pixels", [[500, 1003], 3, 5]],
    ["as a strip above", [[1500, 280], 140, 1400]],
    ["not at all", [[300, 200], 9000, 150]],
  ] as [string, typeof CORNER][])("%s", async (_name, place) => {
    const used = gpu.memory.used;
    const grid = await gridAt(fresh(), ...place);
    const expected = await whole(grid, GROUP);
    const library = fresh();
    const [ny, nx] = grid.shape;
    const part = reachedPart(library, grid, GROUP);
    expect(part.nx * part.ny).toBeLessThan(0.75 * nx * ny);
    spoil();
    const built = await buildMosaic(ctx, library, grid, GROUP, -7);
    for (const [name, plane] of Object.entries(built.planes.planes))
      expect(bits(await plane.read()).equals(bits(expected[name])), name).toBe(true);
    const { data, err } = built.kept!;
    expect(bits(await gpu.read(data, Uint32Array, 0, nx * ny)).equals(bits(expected.data))).toBe(true);
    expect(bits(await gpu.read(err, Uint32Array, 0, nx * ny)).equals(bits(expected.err))).toBe(true);
    data.free();
    err.free();
    const finite = new Float32Array(expected.err.buffer).filter((value) => value > 0).length;
    expect(built.statistics.good_pixel_fraction).toBe(finite / (nx * ny));
    await library.evictAll();
    expect(gpu.memory.used).toBe(used);
  });
});

describe("rows of an exposure", () => {
  const FACTOR = 0.7727529077810901;
  const NAMES = ["data", "err", "dq"] as const;

  async function held(exposure: Exposure, { y0, ny }: Band): Promise<Buffer[]> {
    const planes = await exposure.acquire(NAMES, { y0, ny });
    try {
      const found: Buffer[] = [];
      for (const name of NAMES) {
        const { buffer, half } = planes.get(name)!;
        const row = (half ? 2 : 4) * exposure.nx;
        found.push(bits((await gpu.read(buffer, Uint8Array)).subarray(row * y0, row * (y0 + ny))));
      }
      return found;
    } finally {
      exposure.release();
    }
  }

  const rowsOf = (exposure: Exposure, planes: readonly Buffer[], { y0, ny }: Band): Buffer[] =>
    planes.map((bytes) =>
      bytes.subarray((bytes.length / exposure.ny) * y0, (bytes.length / exposure.ny) * (y0 + ny)),
    );

  it("are those of all of it, come they one after the other, changed or again", async () => {
    const reference = fresh().exposures[1];
    const { ny } = reference;
    const flux = (exposure: Exposure): void =>
      exposure.transform((rec, planes) => recordFlux(rec, planes, FACTOR));
    const change = async (exposure: Exposure, rows?: Band): Promise<void> => {
      const planes = await exposure.acquire(["dq"], rows);
      gpu.write(planes.dq, Uint32Array.of(77, 78, 79), 4 * (101 * exposure.nx + 10));
      exposure.dqChanged();
      exposure.release();
    };
    flux(reference);
    await change(reference);
    const expected = await held(reference, { y0: 0, ny });
    await reference.evict();
    spoil();
    const exposure = fresh().exposures[1];
    await held(exposure, { y0: 99, ny: 7 });
    flux(exposure);
    await change(exposure, { y0: 99, ny: 7 });
    const bands = [
      [101, 1],
      [40, 30],
      [90, 33],
      [0, 5],
      [117, 90],
      [3, ny - 3],
      [0, ny],
    ] as const;
    for (const evicted of [false, true]) {
      for (const [y0, ny] of bands) {
        const rows = { y0, ny };
        if (evicted) {
          await exposure.evict();
          spoil(3);
        }
        const found = await held(exposure, rows);
        rowsOf(exposure, expected, rows).forEach((bytes, k) =>
          expect(found[k].equals(bytes), NAMES[k]).toBe(true),
        );
      }
      await exposure.evict();
    }
  });

  it("are told roughly before any geometry is", async () => {
    const library = fresh();
    const grid = await gridAt(library, [600, 701], 690, 597);
    const place = RoughPlace.of(library.exposures[0], grid);
    const window = place.window(grid.shape);
    expect(window.x0).toBeGreaterThan(300);
    expect(window.x0 + window.nx).toBe(701);
    expect(window.y0 + window.ny).toBe(600);
    const { ny } = place.rowsUnder(window);
    expect(ny).toBeGreaterThan(0.3 * library.exposures[0].ny);
    expect(ny).toBeLessThan(library.exposures[0].ny);
    expect(place.rowsUnder({ x0: 0, y0: 0, nx: 100, ny: 100 })).toEqual({ y0: 0, ny: 0 });
  });
});
