import { describe, expect, it } from "vitest";
import {
  maskLowWeight,
  MAX_SORTED_LAYERS,
  nanmedian,
  nanmedianMany,
} from "../../../src/shaders/outlier_detection/median.js";
import { testGpu } from "../../helpers/gpu.js";
import { seeded } from "../../helpers/random.js";
import { nanmedianTwin } from "../../reference/nanmedian.js";

const PIXELS = 1003; // no multiple of a workgroup

function stackOf(layers: number, seed: number): Float32Array {
  const random = seeded(seed);
  const stack = Float32Array.from({ length: layers * PIXELS }, (_, i) => {
    const p = i % PIXELS;
    if (random() < (p % 5) / 5) return NaN; // from no NaN to mostly NaN
    if (p % 11 === 0) return Math.round(random() * 3) - 1; // ties and zeros
    return (random() - 0.4) * 10 ** Math.floor(random() * 6 - 3);
  });
  for (let k = 0; k < layers; k++) stack[k * PIXELS] = NaN;
  return stack;
}

async function median(stack: Float32Array, layers: number, many: boolean): Promise<Float32Array> {
  const gpu = await testGpu();
  const source = gpu.upload("stack", stack);
  const target = gpu.alloc("median", (PIXELS + 3) * 4);
  const buffers = { stack: source, median: target };
  const rec = gpu.recorder("median");
  const params = { pixels: PIXELS, target_start: 3 };
  if (many) rec.run(nanmedianMany, { params: { ...params, layers }, ...buffers }, [7]);
  else rec.run(nanmedian, { params, ...buffers }, [7], { LAYERS: layers });
  rec.submit();
  const result = await gpu.read(target, Float32Array, 12, PIXELS);
  source.free();
  target.free();
  return result;
}

describe("nanmedian", () => {
  it.each([1, 2, 3, 4, 5, 8, 15, MAX_SORTED_LAYERS])(
    "is np.nanmedian's to the bit: %i layers",
    async (layers) => {
      const stack = stackOf(layers, layers);
      expect(await median(stack, layers, false)).toEqual(nanmedianTwin(stack, PIXELS));
    },
  );

  it.each([1, 2, 17, 64, 131])("selects the same of many: %i layers", async (layers) => {
    const stack = stackOf(layers, layers);
    expect(await median(stack, layers, true)).toEqual(nanmedianTwin(stack, PIXELS));
  });
});

describe("maskLowWeight", () => {
  it("puts a run of pixels into its layer, NaN below the threshold; a NaN weight is not below", async () => {
    const gpu = await testGpu();
    const data = gpu.upload("data", Float32Array.of(1, 2, 3, 4, 5, 6));
    const weights = gpu.upload("weights", Float32Array.of(9, 0.5, 0.7, NaN, 0, 9));
    const stack = gpu.upload("stack", new Float32Array(8).fill(-1));
    const params = { count: 4, source: 1, target_start: 3, threshold: Math.fround(0.7) };
    gpu.recorder("mask").run(maskLowWeight, { params, data, weights, stack }, [1]).submit();
    const found = await gpu.read(stack, Float32Array);
    expect([...found]).toEqual([-1, -1, -1, NaN, 3, 4, NaN, -1]);
    for (const buffer of [data, weights, stack]) buffer.free();
  });
});
