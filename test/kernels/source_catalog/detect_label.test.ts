import { describe, expect, it } from "vitest";
import {
  boundingBoxes,
  labelComponents,
  numberComponents,
} from "../../../src/pipelines/source_catalog/label.js";
import {
  type BandComponents,
  joinBands,
  joinBoxes,
} from "../../../src/pipelines/source_catalog/label_bands.js";
import { bandsOf } from "../../../src/pipelines/context.js";
import { testGpu } from "../../helpers/gpu.js";
import { labelComponents as twin } from "../../reference/label.js";
import { uniforms } from "../../reference/random.js";

/** Labels of an image in bands of at most `height` rows. */
async function label(isSource: boolean[], nx: number, ny: number, npixels: number, height = ny) {
  const gpu = await testGpu();
  const bands = bandsOf(ny, height);
  const found: BandComponents[] = [];
  const boxes: Uint32Array[] = [];
  const numbers = new Uint32Array(nx * ny);
  for (const band of bands) {
    const own = isSource.slice(band.y0 * nx, (band.y0 + band.ny) * nx);
    const bits = new Uint32Array(Math.ceil(own.length / 32));
    own.forEach((source, i) => source && (bits[i >> 5] |= 1 << (i & 31)));
    const labels = gpu.upload(
      "labels",
      Uint32Array.from(own, (source, i) => (source ? i : 0)),
    );
    const seeded = { nx, ny: band.ny, labels, seeds: gpu.upload("seeds", bits) };
    const areas = await numberComponents(gpu, seeded);
    labelComponents(
      gpu,
      seeded,
      Uint32Array.from(areas, (_, i) => i + 1),
    );
    boxes.push(await boundingBoxes(gpu, seeded, areas.length));
    const read = await gpu.read(labels, Uint32Array, 0, own.length);
    numbers.set(read, band.y0 * nx);
    found.push({ y0: band.y0, areas, first: read.slice(0, nx), last: read.slice(-nx) });
    for (const buffer of [labels, seeded.seeds]) buffer.free();
  }
  const joined = joinBands(found, npixels);
  const band = (i: number): number => Math.floor(i / (nx * bands[0].ny));
  const labels = numbers.map((number, i) => (number ? joined.tables[band(i)][number - 1] : 0));
  return { labels, count: joined.nLabels, boxes: joinBoxes(found, boxes, joined) };
}

function random(nx: number, ny: number, density: number, seed: number): boolean[] {
  return Array.from(uniforms(nx * ny, seed), (u) => u < density);
}

/** How many elements differ; quicker than expect on large arrays. */
function differing(a: Uint32Array, b: Uint32Array): number {
  return a.reduce((n, value, i) => n + (value === b[i] ? 0 : 1), Math.abs(a.length - b.length));
}

/** A spiral one pixel wide: one component whose first pixel is far from most others. */
function spiral(n: number): boolean[] {
  const on = new Array<boolean>(n * n).fill(false);
  let [x, y, dx, dy, run] = [0, 0, 1, 0, n - 1];
  on[0] = true;
  for (let turn = 0; run > 0; turn++) {
    for (let k = 0; k < run; k++) on[(y += dy) * n + (x += dx)] = true;
    [dx, dy] = [-dy, dx];
    if (turn % 2 === 0 && turn > 0) run -= 2;
    if (turn === 0) run = n - 1;
  }
  return on;
}

describe("labelling", () => {
  it.each([
    ["sparse", 301, 97, 0.1, 1],
    ["near the percolation density of 8-connected pixels", 517, 203, 0.4, 1],
    ["dense", 130, 70, 0.8, 3],
    ["one row", 5000, 1, 0.5, 2],
    ["one column", 1, 1500, 0.5, 2],
    ["more than one scan of blocks", 1030, 600, 0.3, 4],
  ])("%s: labels and areas are the twin's", async (_name, nx, ny, density, npixels) => {
    const isSource = random(nx, ny, density, nx);
    const got = await label(isSource, nx, ny, npixels);
    const expected = twin(isSource, nx, ny, npixels);
    expect(got.count).toBe(expected.count);
    expect(differing(got.labels, expected.labels)).toBe(0);
    for (const height of [1, 7, 64]) {
      const banded = await label(isSource, nx, ny, npixels, Math.max(height, Math.ceil(ny / 40)));
      expect(differing(banded.labels, got.labels)).toBe(0);
      expect(differing(banded.boxes, got.boxes)).toBe(0);
    }
  });

  it("has boxes of the labels", async () => {
    const isSource = random(90, 61, 0.2, 3);
    const { labels, count, boxes } = await label(isSource, 90, 61, 3, 16);
    const expected = Array.from({ length: count }, () => [90, 0, 61, 0]);
    labels.forEach((own, i) => {
      if (!own) return;
      const [box, x, y] = [expected[own - 1], i % 90, Math.floor(i / 90)];
      expected[own - 1] = [
        Math.min(box[0], x),
        Math.max(box[1], x),
        Math.min(box[2], y),
        Math.max(box[3], y),
      ];
    });
    expect([...boxes]).toEqual(expected.flat());
  });

  it("numbers in raster order of the first pixel, joins by corners and keeps exactly npixels", async () => {
    const picture = ["..X...X", ".X.X..X", "X......", "...XX.X", "......."];
    const isSource = [...picture.join("")].map((c) => c === "X");
    const { labels, count } = await label(isSource, 7, 5, 2);
    expect(count).toBe(3);
    expect([...labels]).toEqual(
      [
        [0, 0, 1, 0, 0, 0, 2],
        [0, 1, 0, 1, 0, 0, 2],
        [1, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 3, 3, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
      ].flat(),
    );
  });

  it("joins a spiral, all pixels, a lattice of single pixels and none", async () => {
    const n = 201;
    const curl = spiral(n);
    const [got, expected] = [await label(curl, n, n, 1), twin(curl, n, n, 1)];
    expect(got.count).toBe(1);
    expect(differing(got.labels, expected.labels)).toBe(0);
    expect(differing((await label(curl, n, n, 1, 10)).labels, expected.labels)).toBe(0);
    const all = new Array<boolean>(333 * 100).fill(true);
    expect((await label(all, 333, 100, 33300)).count).toBe(1);
    expect((await label(all, 333, 100, 33301)).count).toBe(0);
    const lattice = Array.from(
      { length: 101 * 99 },
      (_, i) => (i % 101) % 2 === 0 && Math.floor(i / 101) % 2 === 0,
    );
    expect((await label(lattice, 101, 99, 1)).count).toBe(51 * 50);
    const none = new Array<boolean>(50 * 40).fill(false);
    const empty = await label(none, 50, 40, 1);
    expect(empty.count).toBe(0);
    expect(empty.labels.every((l) => l === 0)).toBe(true);
  });

  it("gives the same bits twice", async () => {
    const isSource = random(700, 300, 0.41, 9);
    const [first, second] = [await label(isSource, 700, 300, 1), await label(isSource, 700, 300, 1)];
    expect(differing(first.labels, second.labels)).toBe(0);
  });
});
