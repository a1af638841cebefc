import { describe, expect, it } from "vitest";
import { ArrayMap, calcPixmap, type PixelMap } from "../../../src/host/wcs/pixmap.js";
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

/** The scene with another map in place of its own. */
function withMap(scene: Scene, map: PixelMap): Scene {
  return { ...scene, exposures: [{ ...scene.exposures[0], map }] };
}

describe("maps with gaps", () => {
  const scene = sceneOf({ angle: 20, bend: 3e-7 }, 1, [163, 171]);
  const map = scene.exposures[0].map;
  const planes = (change: (p: number, at: number[]) => void): [Float64Array, Float64Array] => {
    const x = new Float64Array(NX * NY);
    const y = new Float64Array(NX * NY);
    const at = [0, 0];
    for (let p = 0; p < NX * NY; p++) {
      map.pixel(p % NX, Math.floor(p / NX), at);
      change(p, at);
      [x[p], y[p]] = at;
    }
    return [x, y];
  };

  it("a bounding box within the image", async () => {
    const section = { x0: 7, x1: NX - 1, y0: 0, y1: NY - 12 };
    const limited = withMap(scene, new ArrayMap(NX, NY, ...planes(() => undefined), section));
    expect(geometryOf(limited, limited.exposures[0]).tables.mapped).toBe(false);
    await check(limited);
  });

  it("pixels without a position take their neighbours along", async () => {
    const holes = planes((p, at) => {
      if (p % 977 === 500) at[0] = at[1] = NaN;
    });
    const holed = withMap(scene, new ArrayMap(NX, NY, ...holes));
    expect(geometryOf(holed, holed.exposures[0]).tables.mapped).toBe(true);
    await check(holed);
  });

  it("a sheared grid", async () => {
    const sheared = planes((p, at) => {
      const [x, y] = [p % NX, Math.floor(p / NX)];
      at[0] = 1.5 * x + 1.3 * y - 40;
      at[1] = 2.2 * x + 1.1 * y - 50;
    });
    await check(withMap(scene, new ArrayMap(NX, NY, ...sheared)));
  });

  it("a spline of order 1: kinks at its grid", async () => {
    const bent = {
      boundingBox: undefined,
      forwardMany: (x: Float64Array, y: Float64Array) => ({ ra: x, dec: y }),
      inverseMany: (x: Float64Array, y: Float64Array) => ({
        x: x.map((v, k) => 1.9 * v - 0.6 * y[k] + 2e-3 * v * v + 40),
        y: x.map((v, k) => 0.6 * v + 1.9 * y[k] - 1e-3 * v * y[k] - 20),
      }),
    };
    const bilinear = calcPixmap(bent, bent, [NY, NX], { stepsize: 10, order: 1 });
    const kinked = withMap(scene, bilinear);
    expect(geometryOf(kinked, kinked.exposures[0]).tables.mapped).toBe(true);
    await check(kinked);
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
