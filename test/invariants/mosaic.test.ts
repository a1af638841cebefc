import { afterEach, describe, expect, it } from "vitest";
import { copyTree } from "../../src/host/asdf/index.js";
import { interpretBitFlags, openDataset, WfiImage } from "../../src/host/models/index.js";
import { makeFitsImagingWcs, type Wcs } from "../../src/host/wcs/index.js";
import { makeContext } from "../../src/pipelines/context.js";
import type { GroupOptions } from "../../src/pipelines/drizzle_group.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { type BuiltMosaic, buildMosaic } from "../../src/pipelines/mosaic_bands.js";
import { testGpu } from "../helpers/gpu.js";
import { seeded } from "../helpers/random.js";
import { fixtures } from "../parity/golden.js";

const N = 128;
const GROUP: GroupOptions = {
  pixfrac: 1,
  kernel: "square",
  stepsize: 10,
  order: 3,
  goodBits: interpretBitFlags("~DO_NOT_USE"),
};

interface Pose {
  /** Pixels. */
  readonly centre: readonly [number, number];
  /** Degrees from +x towards +y. */
  readonly angle?: number;
  /** Arcsec a pixel. */
  readonly scale?: number;
  readonly size?: number;
}

/** A gnomonic grid about one point of the sky. */
function grid({ centre, angle = 0, scale = 0.11, size = N }: Pose): Wcs {
  const [c, s] =
    angle % 90
      ? [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]
      : [[1, 0, -1, 0][(angle / 90) & 3], [0, 1, 0, -1][(angle / 90) & 3]];
  const step = scale / 3600;
  return makeFitsImagingWcs({
    crpix: [...centre],
    crval: [150, 20],
    cdelt: [step, step],
    pc: [
      [-c, s],
      [s, c],
    ],
    arrayShape: [size, size],
  });
}

async function exposure(data: Float32Array, wcs: Wcs): Promise<WfiImage> {
  const { models } = await openDataset(`${fixtures}bundled/L3_asn.json`);
  const meta = copyTree(models[0].meta);
  await Promise.all(models.map((model) => model.close()));
  meta.wcs = wcs.toAsdf();
  const variance = (): Float32Array => new Float32Array(N * N).fill(0.25);
  return WfiImage.fromArrays(
    {
      shape: [N, N],
      data,
      err: variance(),
      dq: new Uint32Array(N * N),
      var_poisson: variance(),
      var_rnoise: variance(),
    },
    meta,
  );
}

let built: BuiltMosaic | undefined;
afterEach(() => {
  for (const buffer of built?.kept ? [built.kept.data, built.kept.err] : []) buffer.free();
  built = undefined;
});

async function resampled(data: Float32Array, from: Pose, to: Pose): Promise<Float32Array> {
  const ctx = makeContext(await testGpu());
  const model = await exposure(data, grid(from));
  const { association } = await openDataset([model]);
  const library = new ModelLibrary(ctx, association, [model]);
  const size = to.size ?? N;
  const output = { wcs: grid(to), shape: [size, size] as const, pixelScaleRatio: (to.scale ?? 0.11) / 0.11 };
  built = await buildMosaic(ctx, library, output, GROUP, NaN);
  await library.evictAll();
  return (await built.planes.planes.data.read()) as Float32Array;
}

const middle: Pose = { centre: [(N - 1) / 2, (N - 1) / 2] };

function noise(): Float32Array {
  const next = seeded(7);
  return Float32Array.from({ length: N * N }, () => next());
}

/** A Gaussian well inside the image, off pixel centres. */
function star(sigma: number): Float32Array {
  return Float32Array.from({ length: N * N }, (_, i) => {
    const [dx, dy] = [(i % N) - 61.3, Math.floor(i / N) - 66.8];
    return 100 * Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
  });
}

function total(plane: Float32Array): number {
  return plane.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0);
}

/** Worst difference over the pixels that `at` maps into the image, one pixel from its edge. */
function worst(
  plane: Float32Array,
  data: Float32Array,
  at: (x: number, y: number) => [number, number],
): number {
  let most = 0;
  for (let y = 2; y < N - 2; y++) {
    for (let x = 2; x < N - 2; x++) {
      const [u, v] = at(x, y);
      if (u < 1 || v < 1 || u >= N - 1 || v >= N - 1) continue;
      most = Math.max(most, Math.abs(plane[y * N + x] - data[v * N + u]));
    }
  }
  return most;
}

// values are of order 1; positions are good to 1e-6 pixel (f32 offsets in a tile), so a neighbour leaks in by that much
const LEAK = 1e-5;

describe("resampling", () => {
  it.each([
    {
      name: "half the pixel, turned by 20 degrees",
      to: { centre: [127.3, 128.9], angle: 20, scale: 0.055, size: 256 } as Pose,
    },
    { name: "the same pixel, turned by 137 degrees", to: { centre: [64.2, 63.1], angle: 137 } as Pose },
    {
      name: "a pixel 1.7 times as large",
      to: { centre: [40.5, 39.2], angle: 5, scale: 0.187, size: 80 } as Pose,
    },
  ])("keeps the flux of an isolated source: $name", async ({ to }) => {
    const data = star(3);
    const plane = await resampled(data, middle, to);
    const area = ((to.scale ?? 0.11) / 0.11) ** 2;
    expect(Math.abs((total(plane) * area) / total(data) - 1)).toBeLessThan(1e-4);
  });

  it("gives an exposure back on its own grid", async () => {
    const data = noise();
    expect(worst(await resampled(data, middle, middle), data, (x, y) => [x, y])).toBeLessThan(LEAK);
  });

  it("shifts by whole pixels", async () => {
    const data = noise();
    const [cx, cy] = middle.centre;
    const plane = await resampled(data, middle, { centre: [cx + 5, cy - 3] });
    expect(worst(plane, data, (x, y) => [x - 5, y + 3])).toBeLessThan(LEAK);
  });

  it.each([90, 180, 270])("turns by %d degrees", async (angle) => {
    const data = noise();
    const plane = await resampled(data, middle, { ...middle, angle });
    const [c, s] = [[1, 0, -1, 0][angle / 90], [0, 1, 0, -1][angle / 90]];
    const half = (N - 1) / 2;
    // R = diag(-1, 1) times a rotation on both sides: the pixel of the turned grid lies at the rotation of its offset
    const plus = worst(plane, data, (x, y) => [
      Math.round(half + c * (x - half) - s * (y - half)),
      Math.round(half + s * (x - half) + c * (y - half)),
    ]);
    const minus = worst(plane, data, (x, y) => [
      Math.round(half + c * (x - half) + s * (y - half)),
      Math.round(half - s * (x - half) + c * (y - half)),
    ]);
    expect(Math.min(plus, minus)).toBeLessThan(LEAK);
    if (angle !== 180) expect(Math.max(plus, minus)).toBeGreaterThan(0.5);
  });
});
