import { describe, expect, it } from "vitest";
import { defineKernel, storage } from "../../../src/gpu/index.js";
import { float32BitsToHalf, halfToNumber } from "../../../src/host/numerics/half.js";
import { testGpu } from "../../helpers/gpu.js";
import { seeded } from "../../helpers/random.js";

const halves = defineKernel({
  label: "test/half",
  url: new URL("./half.wgsl", import.meta.url),
  bindings: { inputs: storage("read"), values: storage("read_write"), packed: storage("read_write") },
});

const COUNT = 65536;

/** Every kind of f32: all exponents, values about halves and ties between them, infinities, NaN. Denormals of f32 are left out. */
function someFloats(): Uint32Array {
  const random = seeded(3);
  const words = Uint32Array.from({ length: COUNT }, () => Math.floor(random() * 2 ** 32));
  const floats = new Float32Array(words.buffer);
  for (let i = 0; i < COUNT / 2; i++) {
    const h = Math.floor(random() * 0x7c00);
    const step = halfToNumber(h + 1) - halfToNumber(h);
    const part = [0, 0.5, 0.25, 0.4999, 0.5001][i % 5];
    floats[i] = (i % 2 ? -1 : 1) * (halfToNumber(h) + (h === 0x7bff ? 32 : step) * part);
  }
  words.forEach((word, i) => {
    if ((word & 0x7f800000) === 0) words[i] = 0;
  });
  floats.set([0, -0, Infinity, -Infinity, NaN, 65504, 65519, 65520, 65536, 2 ** -24, 2 ** -25, 2 ** -26]);
  return words;
}

describe("half.wgsl and nan.wgsl", () => {
  it("are their twins to the bit", async () => {
    const gpu = await testGpu();
    const words = someFloats();
    const inputs = gpu.upload("inputs", words);
    const [values, packed] = [gpu.alloc("values", 4 * COUNT), gpu.alloc("packed", 4 * COUNT)];
    gpu
      .recorder("half")
      .run(halves, { inputs, values, packed }, [COUNT / 256])
      .submit();
    const found = await gpu.read(packed, Uint32Array);
    const expected = words.map((word) => {
      const magnitude = word & 0x7fffffff;
      const flags = (magnitude > 0x7f800000 ? 0x10000 : 0) | (magnitude < 0x7f800000 ? 0x20000 : 0);
      return float32BitsToHalf(word) | flags;
    });
    expect(found).toEqual(expected);
    const floats = await gpu.read(values, Float32Array);
    expect(floats[0]).toBeNaN();
    expect(floats.subarray(1)).toEqual(
      Float32Array.from({ length: COUNT - 1 }, (_, h) => halfToNumber(h + 1)),
    );
    for (const buffer of [inputs, values, packed]) buffer.free();
  });
});
