import { describe, expect, it } from "vitest";
import { type Chunk, type LazyChunk, OrderStatistics } from "../../../src/pipelines/order_statistics.js";
import { testGpu } from "../../helpers/gpu.js";
import { gaussian, seeded } from "../../helpers/random.js";

interface Pixels {
  readonly values: Float32Array;
  readonly guards: Float32Array;
}

/** More than are read whole, by no multiple of 4 or of a workgroup; NaN, infinities, and guards that are 0, below it or NaN. */
function pixels(count: number, value: (i: number) => number): Pixels {
  const random = seeded(count);
  const values = Float32Array.from({ length: count }, (_, i) => {
    const u = random();
    return u < 0.02 ? [NaN, Infinity, -Infinity][Math.floor(u * 150)] : value(i);
  });
  const guards = values.map(() => {
    const u = random();
    return u < 0.1 ? [0, -1, NaN, -0][Math.floor(u * 40)] : u < 0.2 ? Infinity : 1e-30 + u;
  });
  return { values, guards };
}

function sorted({ values, guards }: Pixels): Float32Array {
  return values.filter((v, i) => Number.isFinite(v) && guards[i] > 0).sort();
}

/** The same values in two pieces, one of them on the device. */
async function pieces({ values, guards }: Pixels): Promise<{ chunks: (Chunk | LazyChunk)[]; free(): void }> {
  const gpu = await testGpu();
  const cut = Math.floor(values.length / 3);
  const head = gpu.upload("values", values.subarray(0, cut));
  const guard = gpu.upload("guards", guards.subarray(0, cut));
  const host = { values: values.subarray(cut), guards: guards.subarray(cut) };
  const rest = { count: values.length - cut, load: () => Promise.resolve(host) };
  const free = (): void => {
    head.free();
    guard.free();
  };
  return { chunks: [{ values: head, guards: guard, count: cut }, rest], free };
}

const normal = gaussian(seeded(1));
const COUNT = 402_661;
const SCENES: [string, Pixels][] = [
  ["few", pixels(1003, () => normal())],
  ["noise", pixels(COUNT, () => normal())],
  ["one value", pixels(COUNT, () => -2.5)],
  ["one value and noise about it", pixels(COUNT, (i) => (i % 9 ? 1 : 1 + 1e-6 * normal()))],
  // one four in 7 is sampled, of each piece: 402661 / 65536, made odd
  ["what the sample does not see", pixels(COUNT, (i) => ((i >> 2) % 7 ? normal() : 50 + normal()))],
];

describe("order statistics of an image on the device", () => {
  it.each(SCENES)("are exact: %s", async (_name, scene) => {
    const gpu = await testGpu();
    const expected = sorted(scene);
    const { chunks, free } = await pieces(scene);
    const order = new OrderStatistics(gpu, chunks, { mode: "guarded" });
    expect(await order.count()).toBe(expected.length);
    const middle = expected.length >> 1;
    for (const rank of [middle, middle + 1, 0, 77, expected.length - 1])
      expect(await order.at(rank)).toBe(expected[rank]);
    await expect(order.at(expected.length)).rejects.toThrow(RangeError);
    await expect(order.at(-1)).rejects.toThrow(RangeError);
    free();
  });

  it("of deviations and of usable pixels, too", async () => {
    const gpu = await testGpu();
    const scene = SCENES[1][1];
    const { chunks, free } = await pieces(scene);
    const centre = Math.fround(0.3);
    const around = new OrderStatistics(gpu, chunks, { mode: "deviation", centre });
    const deviations = sorted(scene)
      .map((v) => Math.abs(v - centre))
      .sort();
    for (const rank of [5, deviations.length >> 1]) expect(await around.at(rank)).toBe(deviations[rank]);
    free();
    const dq = Uint32Array.from(scene.values, (_, i) => (i % 3 === 0 ? 0x80000001 : i % 5 ? 2 : 0));
    const [values, guards] = [gpu.upload("values", scene.values), gpu.upload("dq", dq)];
    const usable = new OrderStatistics(gpu, [{ values, guards, count: COUNT }], { mode: "usable" });
    const kept = scene.values.filter((v, i) => Number.isFinite(v) && (dq[i] & 1) === 0).sort();
    expect(await usable.count()).toBe(kept.length);
    expect(await usable.at(kept.length >> 1)).toBe(kept[kept.length >> 1]);
    values.free();
    guards.free();
  });

  it("know when there is nothing", async () => {
    const gpu = await testGpu();
    const values = gpu.upload("values", new Float32Array(9).fill(NaN));
    const order = new OrderStatistics(gpu, [{ values, guards: values, count: 9 }], { mode: "guarded" });
    expect(await order.count()).toBe(0);
    await expect(order.at(0)).rejects.toThrow(RangeError);
    values.free();
  });
});
