import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { ArrayMap, type PixelMap } from "../../../src/host/wcs/pixmap.js";
import { scanLimits } from "../../../src/host/wcs/scanner.js";
import { recordsIn, tileTables, TILE_WORDS } from "../../../src/host/wcs/tiles.js";
import { checkDrizzleOptions } from "../../../src/pipelines/drizzle.js";

function mapOf(nx: number, ny: number, f: (x: number, y: number) => [number, number]): ArrayMap {
  const points = Array.from({ length: nx * ny }, (_, p) => f(p % nx, Math.floor(p / nx)));
  return new ArrayMap(
    nx,
    ny,
    Float64Array.from(points, ([x]) => x),
    Float64Array.from(points, ([, y]) => y),
  );
}
const whole = ({ nx, ny }: PixelMap) => ({ x0: 0, x1: nx - 1, y0: 0, y1: ny - 1 });

describe("tile tables", () => {
  it("hold no tile that the image does not reach", () => {
    const map = mapOf(100, 80, (x, y) => [2 * x + 640, 2 * y + 320]);
    const { fast, general, tile } = tileTables(map, [1000, 1000], { pixfrac: 1 });
    const count = (fast.words.length + general.words.length) / TILE_WORDS;
    const reached = Math.ceil(200 / tile + 1) * Math.ceil(160 / tile + 1);
    // windows have a margin of some pixels: a ring of tiles more at most
    expect(count).toBeLessThanOrEqual(reached + 2 * (200 / tile + 160 / tile + 6));
    expect(count).toBeGreaterThanOrEqual((200 / tile) * (160 / tile));
    expect(recordsIn(fast, tile, 0, 256).count).toBe(0);
    expect(recordsIn(fast, tile, 0, 1000).count).toBe(fast.words.length / TILE_WORDS);
  });

  it("are empty for an image beside the mosaic, which visits no pixel", () => {
    const map = mapOf(40, 40, (x, y) => [x + 5000, y]);
    expect(tileTables(map, [100, 100], { pixfrac: 1 }).general.words.length).toBe(0);
    expect(Array.from(scanLimits(map, [100, 100], whole(map))).some((v, k) => k % 2 === 1 && v >= 0)).toBe(
      false,
    );
  });

  it("leave sheared grids to the general kernel", () => {
    // both grid directions point within 45 degrees of +x + y, on the wrong sides of each other
    const map = mapOf(120, 120, (x, y) => [2 * x + 1.9 * y, 3 * x + 2 * y]);
    const { fast, general } = tileTables(map, [400, 400], { pixfrac: 1 });
    expect(fast.words.length).toBe(0);
    expect(general.words.length).toBeGreaterThan(0);
  });

  it.each([
    ["a line", (x: number, y: number): [number, number] => [x + y, x + y]],
    ["jumps", (x: number, y: number): [number, number] => [x > 20 ? x + 900 : x, y]],
  ])("refuse a map that is %s in one line", (_name, f) => {
    const map = mapOf(40, 40, f);
    expect(() => tileTables(map, [1000, 60], { pixfrac: 1 })).toThrow(UserError);
  });
});

describe("refusals", () => {
  it.each(["tophat", "", "squared"])('kernel "%s"', (kernel) => {
    expect(() => checkDrizzleOptions({ kernel, pixfrac: 1 })).toThrow(UserError);
  });

  it.each([-0.1, 1.1, NaN])("pixfrac %d", (pixfrac) => {
    expect(() => checkDrizzleOptions({ kernel: "square", pixfrac })).toThrow(UserError);
  });

  it("a map without positions", () => {
    const map = mapOf(10, 10, () => [NaN, NaN]);
    expect(() => scanLimits(map, [20, 20], whole(map))).toThrow(UserError);
  });
});
