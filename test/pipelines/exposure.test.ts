import { afterEach, describe, expect, it } from "vitest";
import { openDataset, type WfiImage } from "../../src/host/models/index.js";
import { bandsOf, makeContext } from "../../src/pipelines/context.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { recordFlux } from "../../src/pipelines/flux.js";
import { fixtures } from "../parity/golden.js";
import { testGpu } from "../helpers/gpu.js";

const opened: WfiImage[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((model) => model.close()));
});

async function openLibrary(exposureBudget: number): Promise<ModelLibrary> {
  const ctx = makeContext(await testGpu(), { exposureBudget });
  const { association, models } = await openDataset(`${fixtures}pole/L3_asn.json`);
  opened.push(...models);
  return new ModelLibrary(ctx, association, models);
}

const resident = (library: ModelLibrary): number =>
  library.exposures.filter((exposure) => exposure.residentBytes > 0).length;

describe("exposures on the device", () => {
  it("leave it when their budget is full, first the one that is wanted last", async () => {
    const library = await openLibrary(2.5e6); // two of 256 x 256 with 14 bytes a pixel
    await library.with(0, () => Promise.resolve());
    await library.with(1, () => Promise.resolve());
    await library.with(0, () => Promise.resolve());
    await library.with(2, () => Promise.resolve());
    expect(library.exposures.map((exposure) => exposure.residentBytes > 0)).toEqual([true, false, true]);
    await library.evictAll();
    expect(resident(library)).toBe(0);
  });

  it("make room for what lies beside them, and have it back afterwards", async () => {
    const library = await openLibrary(2.5e6);
    const visit = async (...indices: number[]): Promise<number> => {
      for (const index of indices) await library.with(index, () => Promise.resolve());
      return resident(library);
    };
    expect(await visit(0, 1)).toBe(2);
    expect(await library.beside(1.2e6, () => visit(2, 0))).toBe(1);
    expect(await library.beside(1e12, () => visit(1))).toBe(1);
    expect(await visit(2)).toBe(2);
    await library.evictAll();
  });

  it("keep what is in use", async () => {
    const library = await openLibrary(1);
    await library.with(0, () => library.with(1, () => Promise.resolve(expect(resident(library)).toBe(2))));
    await library.evictAll();
  });

  it("come back as the steps left them", async () => {
    const gpu = await testGpu();
    const held = gpu.memory.used;
    const library = await openLibrary(1e9);
    const [exposure] = library.exposures;
    const planes = await exposure.acquire();
    exposure.transform((rec, now) => recordFlux(rec, now, 0.7727529077810901));
    gpu.write(planes.dq, Uint32Array.of(128), 40);
    exposure.dqChanged();
    const before = [
      await gpu.read(planes.data.buffer, Uint32Array),
      await gpu.read(planes.err.buffer, Uint32Array),
      await gpu.read(planes.dq, Uint32Array),
    ];
    exposure.release();
    await exposure.evict();
    const again = await exposure.acquire();
    const after = [
      await gpu.read(again.data.buffer, Uint32Array),
      await gpu.read(again.err.buffer, Uint32Array),
      await gpu.read(again.dq, Uint32Array),
    ];
    exposure.release();
    expect(after).toEqual(before);
    expect(after[2][10]).toBe(128);
    await library.evictAll();
    expect(gpu.memory.used).toBe(held);
  });

  it("are there plane by plane: those that were asked for, and no others", async () => {
    const library = await openLibrary(1e9);
    const [exposure] = library.exposures;
    const { data, dq } = await exposure.acquire(["data", "dq"]);
    expect(exposure.residentBytes).toBe(data.buffer.size + dq.size);
    exposure.release();
    const planes = await exposure.acquire(["data", "err"]);
    expect(exposure.residentBytes).toBe(data.buffer.size + planes.err.buffer.size);
    expect(() => planes.varPoisson).toThrow(/var_poisson was not asked for/);
    exposure.release();
    await library.evictAll();
  });

  it("go through the steps' changes once, whether or not the model has seen them", async () => {
    const gpu = await testGpu();
    const library = await openLibrary(1e9);
    const [exposure] = library.exposures;
    const read = async (): Promise<Float32Array> => {
      const { data } = await exposure.acquire(["data"]);
      const array = await gpu.read(data.buffer, Float32Array);
      exposure.release();
      return array;
    };
    const before = await read();
    exposure.transform((rec, now) => recordFlux(rec, now, 2));
    await exposure.download();
    await exposure.evict();
    expect(await read()).toEqual(before.map((value) => 2 * value));
    exposure.transform((rec, now) => recordFlux(rec, now, 2));
    await exposure.evict();
    expect(await read()).toEqual(before.map((value) => 4 * value));
    await library.evictAll();
  });

  it("are grouped by the observation they belong to", async () => {
    const library = await openLibrary(1e9);
    expect([...library.groupIndices().values()]).toEqual([[0], [1], [2]]);
  });
});

describe("bands", () => {
  it("cover the rows once, the last one shorter", () => {
    expect(bandsOf(10, 4)).toEqual([
      { y0: 0, ny: 4 },
      { y0: 4, ny: 4 },
      { y0: 8, ny: 2 },
    ]);
    expect(bandsOf(3, 100)).toEqual([{ y0: 0, ny: 3 }]);
    expect(bandsOf(2, 0.5)).toEqual([
      { y0: 0, ny: 1 },
      { y0: 1, ny: 1 },
    ]);
  });
});
