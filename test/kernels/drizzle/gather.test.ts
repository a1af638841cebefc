import { describe, expect, it } from "vitest";
import { expectSameSignal } from "./compare.js";
import { geometryOf, onDevice, onHost, type Scene } from "./run.js";
import { testGpu } from "../../helpers/gpu.js";
import { makeMap, makePlanes, type MapShape } from "./scene.js";

const NX = 89; // odd sizes: neither tiles nor workgroups divide them
const NY = 83;

function sceneOf(map: Partial<MapShape>, pixfrac: number, shape: [number, number], data = false): Scene {
  const full = { nx: NX, ny: NY, angle: 0, ratio: 0.5, centre: [shape[1] * 0.45, shape[0] * 0.53], ...map };
  const variances = !data;
  return {
    shape,
    pixfrac,
    sums: { contexts: 1, variances },
    exposures: [
      {
        map: makeMap(full as MapShape),
        planes: makePlanes(full.nx, full.ny, 11),
        options: { goodBits: ~1, level: 0.5, weighting: { type: "ivm" }, variances },
      },
    ],
  };
}

async function check(scene: Scene): Promise<void> {
  const gpu = await testGpu();
  const covered = expectSameSignal(await onDevice(gpu, scene), onHost(scene), 12);
  expect(covered).toBeGreaterThan(1000);
}

describe("fast path: half-size output pixels, pixfrac 1", () => {
  it.each([0, 20, 45, 90, 137, 180, -90].flatMap((angle) => [false, true].map((flip) => ({ angle, flip }))))(
    "$angle degrees, flip $flip",
    async ({ angle, flip }) => {
      const scene = sceneOf({ angle, flip, bend: 3e-7 }, 1, [163, 171]);
      expect(geometryOf(scene, scene.exposures[0]).tables.fast.words.length).toBeGreaterThan(0);
      await check(scene);
    },
  );

  it("data alone", async () => {
    const scene = sceneOf({ angle: 33, bend: 3e-7 }, 1, [163, 171], true);
    await check(scene);
  });
});

describe("general path: any ratio and pixfrac", () => {
  it.each(
    [0.4, 0.7, 1, 1.6, 2.5].flatMap((ratio) =>
      [0.3, 0.75, 1].map((pixfrac, k) => ({ ratio, pixfrac, angle: [20, 137, -90][k] })),
    ),
  )("ratio $ratio, pixfrac $pixfrac, $angle degrees", async ({ ratio, pixfrac, angle }) => {
    const size = Math.max(60, Math.round(100 / ratio));
    const more = ratio > 1.5 ? { nx: 157, ny: 171 } : {};
    const scene = sceneOf({ ratio, angle, flip: angle < 0, bend: 2e-6, ...more }, pixfrac, [size + 3, size]);
    await check(scene);
  });

  it("an image of 3 x 4 pixels", async () => {
    const scene = sceneOf({ nx: 4, ny: 3, angle: 15, ratio: 0.06 }, 0.9, [67, 70]);
    await check(scene);
  });
});

describe("maps that are not smooth", () => {
  it.each([
    { rough: 0.1, ratio: 0.5, pixfrac: 1 },
    { rough: 0.2, ratio: 1.2, pixfrac: 0.6 },
  ])("rough $rough, ratio $ratio", async ({ rough, ratio, pixfrac }) => {
    const scene = sceneOf({ angle: 24, rough, ratio }, pixfrac, [130, 121]);
    expect(geometryOf(scene, scene.exposures[0]).tables.mapped).toBe(true);
    await check(scene);
  });

  it("strongly bent", async () => {
    const scene = sceneOf({ angle: -70, ratio: 0.5, bend: 1e-3 }, 1, [163, 171]);
    expect(geometryOf(scene, scene.exposures[0]).tables.mapped).toBe(false);
    await check(scene);
  });
});
