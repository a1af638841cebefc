import { describe, expect, it } from "vitest";
import type { DeviceBuffer } from "../../../src/gpu/index.js";
import {
  maskLowWeight,
  MAX_PLANES,
  MAX_SORTED_LAYERS,
  nanmedian,
  nanmedianMany,
  nanmedianStack,
} from "../../../src/shaders/outlier_detection/median.js";
import { testGpu } from "../../helpers/gpu.js";
import { seeded } from "../../helpers/random.js";
import { nanmedianTwin } from "../../reference/nanmedian.js";

const PIXELS = 1003; // no multiple of a quad or a workgroup
const LOWEST = -3.4028234663852886e38;

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

const PADDED = 4 * Math.ceil(PIXELS / 4);
const QUADS = PADDED / 4;
const START = 3; // quads before the first in the output

/** The stack with its layers padded to whole quads, the padding to be ignored. */
function padded(stack: Float32Array, layers: number): Float32Array {
  const result = new Float32Array(layers * PADDED).fill(77);
  for (let k = 0; k < layers; k++) result.set(stack.subarray(k * PIXELS, (k + 1) * PIXELS), k * PADDED);
  return result;
}

type Variant = "planes" | "stack" | "many";

async function median(stack: Float32Array, layers: number, variant: Variant): Promise<Float32Array> {
  const gpu = await testGpu();
  const values = padded(stack, layers);
  const target = gpu.alloc("median", (QUADS + START) * 16);
  const held: DeviceBuffer[] = [target];
  const keep = (data: Float32Array): DeviceBuffer => {
    const buffer = gpu.upload("layers", data);
    held.push(buffer);
    return buffer;
  };
  const rec = gpu.recorder("median");
  const params = { quads: QUADS, target_start: START };
  if (variant === "many")
    rec.run(nanmedianMany, { params: { ...params, layers }, stack: keep(values), median: target }, [3]);
  else if (variant === "stack")
    rec.run(nanmedianStack, { params, stack: keep(values), median: target }, [3], { LAYERS: layers });
  else {
    // layer k begins with its quad k
    const plane = (k: number): DeviceBuffer => {
      const shifted = new Float32Array(4 * k + PADDED);
      if (k < layers) shifted.set(values.subarray(k * PADDED, (k + 1) * PADDED), 4 * k);
      return keep(shifted);
    };
    const planes = {
      layer0: plane(0),
      layer1: plane(1),
      layer2: plane(2),
      layer3: plane(3),
      layer4: plane(4),
      layer5: plane(5),
      layer6: plane(6),
      layer7: plane(7),
    };
    const starts = { starts: [0, 1, 2, 3], more_starts: [4, 5, 6, 7] };
    rec.run(nanmedian, { params: { ...params, ...starts }, ...planes, median: target }, [3], {
      LAYERS: layers,
    });
  }
  rec.submit();
  const result = await gpu.read(target, Float32Array, START * 16, PIXELS);
  for (const buffer of held) buffer.free();
  return result;
}

describe("nanmedian", () => {
  it.each([1, 2, 3, 4, 5, 7, MAX_PLANES])("is np.nanmedian's to the bit: %i planes", async (layers) => {
    const stack = stackOf(layers, layers);
    expect(await median(stack, layers, "planes")).toEqual(nanmedianTwin(stack, PIXELS));
  });

  it("is NaN where there is no plane", async () => {
    expect(await median(new Float32Array(0), 0, "planes")).toEqual(new Float32Array(PIXELS).fill(NaN));
  });

  it.each([1, 2, 9, 16, 23, MAX_SORTED_LAYERS])("sorts a stack: %i layers", async (layers) => {
    const stack = stackOf(layers, layers);
    expect(await median(stack, layers, "stack")).toEqual(nanmedianTwin(stack, PIXELS));
  });

  it.each([1, 2, 17, 64, 131])("selects the same of many: %i layers", async (layers) => {
    const stack = stackOf(layers, layers);
    expect(await median(stack, layers, "many")).toEqual(nanmedianTwin(stack, PIXELS));
  });
});

describe("maskLowWeight", () => {
  const weight = [9, 0.5, 0.7, NaN, 0, 9, -1, 0, 0, 0, 0.1, 0, 1, 2, 3, 4];
  const values = Float32Array.from(weight, (_, i) => i + 1);

  it.each([
    ["leaves out what is below, empty pixels too", Math.fround(0.7), 1, -5],
    ["fills what is empty and not below", -0.5, 1, -5],
    ["fills with NaN", LOWEST, 1, NaN],
    ["leaves data without weight as they are", LOWEST, 0, -5],
  ])("%s; a NaN weight is not below", async (_name, threshold, filled, fill) => {
    const gpu = await testGpu();
    const data = gpu.upload("data", values);
    const weights = gpu.upload("weights", Float32Array.from(weight));
    const bits = new Uint32Array(Float32Array.of(fill).buffer)[0];
    const params = { quads: 3, threshold, fill: bits, filled };
    gpu.recorder("mask").run(maskLowWeight, { params, data, weights }, [1]).submit();
    const expected = values.map((value, i) => {
      if (i >= 12) return value; // beyond the quads
      if (weight[i] < threshold) return NaN;
      return weight[i] === 0 && filled ? fill : value;
    });
    expect(await gpu.read(data, Float32Array)).toEqual(expected);
    for (const buffer of [data, weights]) buffer.free();
  });
});
