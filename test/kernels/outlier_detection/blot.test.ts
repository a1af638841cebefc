import { describe, expect, it } from "vitest";
import { blotSpans } from "../../../src/host/wcs/blot_spans.js";
import { blotTiles, type GridMap } from "../../../src/host/wcs/blot_tiles.js";
import { blot, paddedWidth, RUN_ROWS } from "../../../src/shaders/outlier_detection/flag.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";
import { blotTwin } from "../../reference/blot.js";

const NX = 101;
const NY = 75;
const WIDTH = paddedWidth(NX);

/** A map given by functions of the pixel. */
function gridMap(
  x: (x: number, y: number) => number,
  y: (x: number, y: number) => number,
  inside = { x0: 0, x1: NX - 1, y0: 0, y1: NY - 1 },
): GridMap {
  return {
    inside,
    evaluate: (xs, ys) => ({
      x: Float64Array.from({ length: xs.length * ys.length }, (_, i) =>
        x(xs[i % xs.length], ys[Math.floor(i / xs.length)]),
      ),
      y: Float64Array.from({ length: xs.length * ys.length }, (_, i) =>
        y(xs[i % xs.length], ys[Math.floor(i / xs.length)]),
      ),
    }),
  };
}

interface Scene {
  readonly map: GridMap;
  readonly median: { data: Float32Array; nx: number; ny: number };
  readonly fill: number;
  readonly bands?: number[];
  /** First column and row, columns, rows. */
  readonly held?: readonly [number, number, number, number];
  readonly everywhere?: boolean;
}

async function run({
  map,
  median,
  fill,
  bands = [median.ny],
  everywhere,
  held: window,
}: Scene): Promise<Float32Array> {
  const gpu = await testGpu();
  const tiles = blotTiles(map);
  const table = gpu.upload("tiles", tiles.table);
  const strips = Math.ceil(NY / RUN_ROWS);
  const { table: words } = blotSpans(tiles, [NX, NY], RUN_ROWS, [median.ny, median.nx], everywhere);
  const spans = gpu.upload("spans", words);
  const blotted = gpu.upload("blotted", new Float32Array(WIDTH * NY).fill(fill));
  const rec = gpu.recorder("blot");
  const { x0, x1, y0, y1 } = tiles.inside;
  let row = window?.[1] ?? 0;
  const held = bands.map((rows, k) => {
    const end = Math.min(row + rows + 1, window ? window[1] + window[3] : median.ny);
    const part = median.data.slice(row * median.nx, end * median.nx);
    const buffer = gpu.upload(
      "median",
      window ? part.filter((_, i) => insideOf(window, i % median.nx, window[1])) : part,
    );
    const params = {
      size: [NX, NY],
      median_size: [median.nx, median.ny],
      held: window ?? [0, 0, median.nx, median.ny],
      band: [row, rows],
      tiles: tiles.tiles,
      inside: [x0, x1, y0, y1],
      step: tiles.step,
      fill,
      first: k === 0 ? 1 : 0,
    };
    row += rows;
    const inputs = { params, tiles: table, median: buffer, spans };
    rec.run(blot, { ...inputs, blotted }, [Math.ceil(WIDTH / 256), strips], { ALIGNED: tiles.aligned });
    return buffer;
  });
  rec.submit();
  const padded = await gpu.read(blotted, Float32Array, 0, WIDTH * NY);
  const result = padded.filter((_, i) => i % WIDTH < NX);
  for (const buffer of [table, spans, blotted, ...held]) buffer.free();
  return result;
}

function insideOf([x0, y0, nx, ny]: NonNullable<Scene["held"]>, x: number, y: number): boolean {
  return x >= x0 && x < x0 + nx && y >= y0 && y < y0 + ny;
}

function twin({ map, median, fill }: Scene): Float32Array {
  const { x0, x1, y0, y1 } = map.inside;
  const { x, y } = map.evaluate(
    Float64Array.from({ length: NX }, (_, i) => i),
    Float64Array.from({ length: NY }, (_, i) => i),
  );
  const outside = (i: number): boolean =>
    i % NX < x0 || i % NX > x1 || Math.floor(i / NX) < y0 || Math.floor(i / NX) > y1;
  x.forEach((_, i) => {
    if (outside(i)) x[i] = y[i] = NaN;
  });
  return blotTwin(median, x, y, fill);
}

/** The largest difference, NaN and finite apart counting as infinite. */
function worst(a: Float32Array, b: Float32Array): number {
  return a.reduce((max, value, i) => {
    if (Number.isNaN(value) || Number.isNaN(b[i]))
      return Number.isNaN(value) && Number.isNaN(b[i]) ? max : Infinity;
    return Math.max(max, Math.abs(value - b[i]));
  }, 0);
}

function noise(nx: number, ny: number, seed: number, holes = 0): Float32Array {
  const random = seeded(seed);
  const normal = gaussian(random);
  return Float32Array.from({ length: nx * ny }, () => (random() < holes ? NaN : normal()));
}

// places within 5e-6 of a pixel, then rounded to float32 as C rounds them: where the rounding falls the other way, a place moves by one
// unit in the last place, 2^-13 of a pixel here (places below 1024 in 2000); times the steepest slope of the noise, about 8 a pixel
const VALUE = 2 ** -13 * 10;

const rotated = gridMap(
  (x, y) => 20.3 + 1.9 * x * 0.94 - 1.9 * y * 0.34 + 3e-5 * x * y,
  (x, y) => 11.7 + 1.9 * x * 0.34 + 1.9 * y * 0.94 - 2e-5 * x * x,
);

describe("blot", () => {
  it("reads the median as drizzle does, NaN and all", async () => {
    const scene = { map: rotated, median: { data: noise(230, 190, 1, 0.05), nx: 230, ny: 190 }, fill: NaN };
    const found = await run(scene);
    expect(worst(found, twin(scene))).toBeLessThan(VALUE);
    expect(found.some((value) => Number.isNaN(value))).toBe(true);
  });

  it("holds at the image's edges: the first and last pixel, beyond the last centre, off the image", async () => {
    const shifted = gridMap(
      (x) => x * 0.5 - 1.25,
      (_x, y) => y * 0.5 - 1.25,
    );
    const scene = { map: shifted, median: { data: noise(48, 35, 2), nx: 48, ny: 35 }, fill: -7 };
    expect(worst(await run(scene), twin(scene))).toBeLessThan(VALUE);
  });

  it("fills where the map is not defined", async () => {
    const inside = { x0: 4, x1: NX - 5, y0: 4, y1: NY - 5 };
    const map = gridMap(
      (x) => x + 3.25,
      (_x, y) => y + 2.5,
      inside,
    );
    const scene = { map, median: { data: noise(120, 90, 3), nx: 120, ny: 90 }, fill: 0 };
    const found = await run(scene);
    expect(found[0]).toBe(0);
    expect(worst(found, twin(scene))).toBeLessThan(VALUE);
  });

  it("takes a map that is bilinear in pieces", async () => {
    const zigzag = (u: number, step: number): number => u + 0.3 * Math.abs(((u / step) % 2) - 1);
    const map = {
      ...gridMap(
        (x, y) => 1 + zigzag(x, (NX - 1) / 10) + 0.1 * y,
        (x, y) => 2 + zigzag(y, (NY - 1) / 8) + 0.1 * x,
      ),
      pieces: { x: 10, y: 8 },
    };
    const scene = { map, median: { data: noise(130, 110, 4), nx: 130, ny: 110 }, fill: NaN };
    expect(worst(await run(scene), twin(scene))).toBeLessThan(VALUE);
  });

  it("keeps f32's grid of places far from the origin", async () => {
    const map = gridMap(
      (x) => 1900.1 + x * 0.51,
      (_x, y) => 1.3 + y * 0.51,
    );
    const nx = 2000;
    const data = Float32Array.from({ length: nx * 60 }, (_, i) => 1000 * ((i % nx) - 1900));
    const scene = { map, median: { data, nx, ny: 60 }, fill: NaN };
    const found = await run(scene);
    const expected = twin(scene);
    // a ramp of 1000 a pixel shows the grid of 2^-13 as steps of 0.12: nearly all places fall on the same side
    const off = found.reduce((n, value, i) => n + (Math.abs(value - expected[i]) > 0.01 ? 1 : 0), 0);
    expect(off / found.length).toBeLessThan(0.1); // 5e-6 of a pixel over 1.2e-4, either side
  });

  it("gives the same bits in bands", async () => {
    const median = { data: noise(230, 190, 5, 0.02), nx: 230, ny: 190 };
    const whole = await run({ map: rotated, median, fill: -1 });
    expect(await run({ map: rotated, median, fill: -1, bands: [64, 64, 62] })).toEqual(whole);
  });

  it("takes a part of the median for all of it where there is nothing beyond: the same bits", async () => {
    const [nx, ny] = [230, 190];
    const held = [56, 40, 64, 72] as const;
    const data = noise(nx, ny, 6, 0.02).map((value, i) =>
      insideOf(held, i % nx, Math.floor(i / nx)) ? value : NaN,
    );
    const median = { data, nx, ny };
    const whole = await run({ map: rotated, median, fill: NaN });
    expect(whole.some((value) => !Number.isNaN(value))).toBe(true);
    expect(await run({ map: rotated, median, fill: NaN, held, bands: [32, 40] })).toEqual(whole);
  });

  it("needs only the spans that may have places: the same bits", async () => {
    const far = gridMap(
      (x, y) => 1.9 * x * 0.94 - 1.9 * y * 0.34 - 60,
      (x, y) => 1.9 * x * 0.34 + 1.9 * y * 0.94 - 70,
    );
    const zigzag = { ...far, pieces: { x: 7, y: 9 } };
    for (const map of [far, zigzag, rotated]) {
      const scene = { map, median: { data: noise(60, 47, 6), nx: 60, ny: 47 }, fill: NaN };
      expect(await run(scene)).toEqual(await run({ ...scene, everywhere: true }));
    }
  });
});

describe("blotSpans", () => {
  const shape = [47, 60] as const;
  const spansOf = (map: GridMap): number[][] => {
    const { table, longest } = blotSpans(blotTiles(map), [NX, NY], RUN_ROWS, shape);
    const strips = Array.from({ length: table.length / 4 }, (_, k) => [...table.subarray(4 * k, 4 * k + 4)]);
    expect(longest).toBe(Math.max(...strips.map((strip) => strip[3] - strip[2])));
    return strips;
  };

  it("holds a quad and a strip more for the neighbours, within the exposure", () => {
    const corner = gridMap(
      (x) => x - 70,
      (_x, y) => y - 50,
    );
    expect(spansOf(corner)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 15, 26],
      [16, 26, 15, 26],
      [16, 26, 15, 26],
      [16, 26, 15, 26],
    ]);
  });

  it("leaves out tiles of rows that are not asked for", () => {
    const map = gridMap(
      (x) => x - 70,
      (_x, y) => y - 50,
    );
    const all = blotTiles(map);
    const row = 36 * all.tiles[0];
    const { table } = blotTiles(map, { y0: 40, ny: 15 });
    expect(table.subarray(row, 2 * row)).toEqual(all.table.subarray(row, 2 * row));
    const { table: words } = blotSpans({ ...all, table }, [NX, NY], RUN_ROWS, shape);
    const strips = [0, 1, 2, 3, 4].map((k) => [...words.subarray(4 * k, 4 * k + 4)]);
    const [none, read] = [
      [0, 0],
      [15, 26],
    ];
    const own = [16, 26, ...read];
    expect(strips).toEqual([[...none, ...none], [...none, ...read], own, own, [...none, ...read]]);
  });

  it("is empty where the exposure does not reach the image", () => {
    const away = gridMap(
      (x) => x - 1000,
      (_x, y) => y,
    );
    expect(spansOf(away).flat()).toEqual(new Array<number>(20).fill(0));
  });
});
