import { afterEach, describe, expect, it, vi } from "vitest";
import { type Kernel, defineKernel, storage, uniform } from "../../src/gpu/index.js";
import { PipelineCache } from "../../src/gpu/pipelines.js";
import { testGpu } from "../helpers/gpu.js";

const kernel = (label: string, file = "scale"): Kernel =>
  defineKernel({ label, url: new URL(`./${file}.wgsl`, import.meta.url), bindings: {} });

/** A device whose pipelines are made when the test says so. */
class SlowDevice {
  readonly begun: string[] = [];
  readonly atOnce: string[] = [];
  private readonly underWay = new Map<string, { resolve(): void; reject(error: Error): void }>();

  pushErrorScope(): void {}
  popErrorScope = (): Promise<null> => Promise.resolve(null);
  createShaderModule = (): object => ({});
  createBindGroupLayout = (): object => ({});
  createPipelineLayout = (): object => ({});
  createComputePipeline({ label }: { label: string }): object {
    this.atOnce.push(label);
    return { label, how: "at once" };
  }
  createComputePipelineAsync({ label }: { label: string }): Promise<object> {
    this.begun.push(label);
    return new Promise((resolve, reject) => {
      const made = { label, how: "in the background" };
      this.underWay.set(label, { resolve: () => resolve(made), reject });
    });
  }

  /** Ends the making of pipelines, as many turns of the event loop later as it takes for others to begin. */
  async end(...labels: string[]): Promise<void> {
    for (const label of labels) this.underWay.get(label)!.resolve();
    await new Promise(setImmediate);
  }
  async refuse(label: string): Promise<void> {
    this.underWay.get(label)!.reject(new Error("refused"));
    await new Promise(setImmediate);
  }
}

function slowCache(): { device: SlowDevice; cache: PipelineCache } {
  const device = new SlowDevice();
  return { device, cache: new PipelineCache(device as unknown as GPUDevice, () => undefined) };
}

const variants = (kernels: readonly Kernel[]): { kernel: Kernel }[] => kernels.map((k) => ({ kernel: k }));

describe("pipelines made in the background", () => {
  it("are made in the order asked for, those asked for last before what still waits", async () => {
    const { device, cache } = slowCache();
    const [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map((label) => kernel(label));
    const all = cache.prepare(variants([a, b, c, d, e, f]));
    const atOnce = device.begun.length;
    expect(device.begun).toEqual(["a", "b", "c", "d", "e", "f"].slice(0, atOnce));
    void cache.prepare(variants([f, a]));
    for (let k = 0; k < 6; k++) await device.end(device.begun[k]);
    await all;
    const rest = ["a", "b", "c", "d", "e"].slice(atOnce);
    expect(device.begun.slice(atOnce)).toEqual(["f", ...rest]);
    expect(cache.get(f, {}).pipeline).toMatchObject({ how: "in the background" });
    await cache.prepare(variants([a, f]));
    expect(device.begun).toHaveLength(6);
    expect(device.atOnce).toEqual([]);
  });

  it("are made at once where they are used before", async () => {
    const { device, cache } = slowCache();
    const a = kernel("a");
    const made = cache.prepare(variants([a]));
    const used = cache.get(a, {}).pipeline;
    expect(used).toMatchObject({ how: "at once" });
    await device.end("a");
    await made;
    expect(cache.get(a, {}).pipeline).toBe(used);
    expect(device.atOnce).toEqual(["a"]);
  });

  it("that cannot be made keep nobody waiting, and are tried again when used", async () => {
    const { device, cache } = slowCache();
    const [a, b] = [kernel("a"), kernel("b")];
    const made = cache.prepare(variants([a, b]));
    await device.refuse("a");
    if (!device.begun.includes("b")) throw new Error("b was not begun");
    await device.end("b");
    await made;
    expect(cache.get(a, {}).pipeline).toMatchObject({ how: "at once" });
  });

  it("are no longer begun when the device is closed", async () => {
    const { device, cache } = slowCache();
    const kernels = Array.from({ length: 9 }, (_, k) => kernel(`${k}`));
    const made = cache.prepare(variants(kernels));
    const { length } = device.begun;
    expect(length).toBeLessThan(9);
    cache.close();
    await device.end(...device.begun);
    await made;
    expect(device.begun).toHaveLength(length);
  });
});

describe("Gpu.prepare", () => {
  afterEach(() => vi.restoreAllMocks());

  it("spares the first use the making, and counts constants as part of a pipeline", async () => {
    const gpu = await testGpu();
    const scale = defineKernel({
      label: "test/prepared",
      url: new URL("./scale.wgsl", import.meta.url),
      bindings: {
        params: uniform({ n: "u32", origin: "vec2f", scale: "f32" }),
        input: storage("read"),
        output: storage("read_write"),
      },
      constants: ["SQUARE"],
    });
    const atOnce = vi.spyOn(gpu.device, "createComputePipeline");
    await gpu.prepare([{ kernel: scale, constants: { SQUARE: true } }]);
    const input = gpu.upload("input", Float32Array.of(1, 2, 3, 4));
    const output = gpu.alloc("output", 16);
    const bindings = { params: { n: 4, origin: [0, 0], scale: 1 }, input, output };
    gpu.recorder("prepared").run(scale, bindings, [1], { SQUARE: true }).submit();
    expect(await gpu.read(output, Float32Array)).toEqual(Float32Array.of(1, 4, 9, 16));
    expect(atOnce).not.toHaveBeenCalled();
    gpu.recorder("not prepared").run(scale, bindings, [1]).submit();
    await gpu.idle();
    expect(atOnce).toHaveBeenCalledTimes(1);
    for (const buffer of [input, output]) buffer.free();
  });

  it("tells of WGSL that does not compile when it is used, not before", async () => {
    const gpu = await testGpu();
    const url = new URL("./broken.wgsl", import.meta.url);
    const broken = defineKernel({ label: "test/ahead", url, bindings: { output: storage("read_write") } });
    await gpu.prepare([{ kernel: broken as unknown as Kernel }]);
    await gpu.idle();
    const output = gpu.alloc("output", 16);
    gpu.recorder("broken").run(broken, { output }, [1]).submit();
    await expect(gpu.idle()).rejects.toThrow(/test\/ahead[\s\S]*undeclared/);
    output.free();
    await gpu.idle();
  });
});
