import { describe, expect, it } from "vitest";
import { defineKernel, storage, uniform } from "../../src/gpu/index.js";
import { testDevice, testGpu } from "../helpers/gpu.js";

const scale = defineKernel({
  label: "test/scale",
  url: new URL("./scale.wgsl", import.meta.url),
  bindings: {
    params: uniform({ n: "u32", origin: "vec2f", scale: "f32" }),
    input: storage("read"),
    output: storage("read_write"),
  },
  constants: ["SQUARE"],
});
const broken = defineKernel({
  label: "test/broken",
  url: new URL("./broken.wgsl", import.meta.url),
  bindings: { output: storage("read_write") },
});

describe("a device", () => {
  it("is the one that the tests are to run on", async () => {
    const { kind } = (await testGpu()).info;
    if (testDevice() !== "auto") expect(kind).toBe(testDevice());
  });

  it("runs recorded passes in order, with uniforms of their own", async () => {
    const gpu = await testGpu();
    const n = 1000;
    const input = gpu.upload(
      "input",
      Float32Array.from({ length: n }, (_, i) => i),
    );
    const output = gpu.alloc("output", 4 * n);
    const rec = gpu.recorder("test");
    rec.run(scale, { params: { n, origin: [0, 1], scale: 2 }, input, output }, [Math.ceil(n / 64)]);
    rec.run(
      scale,
      { params: { n, origin: [5, 0], scale: 0.5 }, input: output, output: input },
      [Math.ceil(n / 64)],
      { SQUARE: true },
    );
    rec.submit();
    const result = await gpu.read(input, Float32Array, 0, n);
    expect(result[7]).toBe(0.5 * 15 * 15);
    expect(result[999]).toBe(0.5 * 1999 * 1999);
    input.free();
    output.free();
  });

  it("takes more dispatches in one submit than its uniform buffer holds", async () => {
    const gpu = await testGpu();
    const a = gpu.upload("a", new Float32Array(4));
    const b = gpu.alloc("b", 16);
    const rec = gpu.recorder("many");
    for (let i = 0; i < 3000; i++) {
      const [input, output] = i % 2 ? [b, a] : [a, b];
      rec.run(scale, { params: { n: 4, origin: [0, 1], scale: 1 }, input, output }, [1]);
    }
    rec.submit();
    expect(await gpu.read(a, Float32Array)).toEqual(Float32Array.of(3000, 3000, 3000, 3000));
    a.free();
    b.free();
  });

  it("uploads and reads back lengths that are no multiple of four", async () => {
    const gpu = await testGpu();
    const bytes = Uint8Array.from({ length: 1003 }, (_, i) => i % 251);
    const buffer = gpu.upload("bytes", bytes);
    expect(await gpu.read(buffer, Uint8Array, 0, 1003)).toEqual(bytes);
    buffer.free();
  });

  it("shows the offending line of WGSL that does not compile", async () => {
    const gpu = await testGpu();
    const output = gpu.alloc("output", 16);
    gpu.recorder("broken").run(broken, { output }, [1]).submit();
    await expect(gpu.idle()).rejects.toThrow(/test\/broken[\s\S]*undeclared/);
    output.free();
    await gpu.idle();
  });

  it("refuses constants a kernel does not name and fields a uniform does not have", async () => {
    const gpu = await testGpu();
    const buffer = gpu.alloc("buffer", 16);
    const other = gpu.alloc("other", 16);
    const params = { n: 4, origin: [0, 0], scale: 1 };
    expect(() =>
      gpu.recorder("x").run(scale, { params, input: buffer, output: other }, [1], { CUBE: true }),
    ).toThrow(/CUBE/);
    const wrong = { ...params, surplus: 1 };
    expect(() =>
      gpu.recorder("x").run(scale, { params: wrong, input: buffer, output: other }, [1]).submit(),
    ).toThrow(/surplus/);
    buffer.free();
    other.free();
  });
});
