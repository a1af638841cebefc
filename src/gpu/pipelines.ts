import { availableParallelism } from "node:os";
import { type Binding, type Kernel, sourceOf } from "./kernel.js";
import type { Constants } from "./recorder.js";

export interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A kernel and the override constants it is dispatched with. */
export interface Variant {
  readonly kernel: Kernel;
  readonly constants?: Constants;
}

/** One pipeline, made or not. */
interface Entry {
  readonly kernel: Kernel;
  readonly constants: Constants;
  compiled?: Compiled;
  /** Set when it is made in the background; resolves when it is made, or cannot be. */
  done?: Promise<void>;
  settle?: () => void;
}

/** WGSL that does not compile, or does not fit its typed wrapper; the message shows the offending lines. */
export class ShaderError extends Error {
  override readonly name = "ShaderError";
}

const COMPUTE_STAGE = 4;

/** Pipelines made at a time in the background: as many threads of the driver's. */
const MOST_AT_ONCE = 4;

/** Compute pipelines by kernel and override constants, made once: in the background where asked for in time, else when first used. */
export class PipelineCache {
  private readonly modules = new Map<string, { module: GPUShaderModule; code: string }>();
  private readonly layouts = new Map<Kernel, GPUBindGroupLayout>();
  private readonly entries = new Map<Kernel, Map<string, Entry>>();
  /** What is to be made in the background, the next first. */
  private queue: Entry[] = [];
  private makers = 0;

  /**
   * @param fail is told of errors, which the device reports later than the call that made them
   * @param made is told of each pipeline made in the background, and when that began
   */
  constructor(
    private readonly device: GPUDevice,
    private readonly fail: (pending: Promise<Error | undefined>) => void,
    private readonly made: (kernel: Kernel, start: number) => void = () => undefined,
  ) {}

  has(kernel: Kernel, constants: Constants): boolean {
    return this.entry(kernel, constants).compiled !== undefined;
  }

  get(kernel: Kernel, constants: Constants): Compiled {
    const entry = this.entry(kernel, constants);
    return (entry.compiled ??= this.compile(entry));
  }

  /**
   * Has pipelines made by the driver's own threads, in this order and before what was asked for earlier. Resolves when all of
   * `wanted` are made; what is wrong with one is told when it is used.
   */
  async prepare(wanted: readonly Variant[]): Promise<void> {
    const entries = wanted.map(({ kernel, constants = {} }) => this.entry(kernel, constants));
    const fresh = entries.filter(({ compiled, done }) => !compiled && !done);
    for (const entry of fresh) entry.done = new Promise((resolve) => (entry.settle = resolve));
    const waiting = new Set(this.queue);
    this.queue = [...new Set([...entries.filter((e) => waiting.has(e) || fresh.includes(e)), ...this.queue])];
    while (this.makers < Math.min(MOST_AT_ONCE, availableParallelism(), this.queue.length))
      void this.makeQueued();
    await Promise.all(entries.map(({ done }) => done));
  }

  /** Nothing more is made in the background. */
  close(): void {
    for (const { settle } of this.queue.splice(0)) settle?.();
  }

  private entry(kernel: Kernel, constants: Constants): Entry {
    let variants = this.entries.get(kernel);
    if (!variants) this.entries.set(kernel, (variants = new Map()));
    const key = keyOf(constants);
    let entry = variants.get(key);
    if (!entry) variants.set(key, (entry = { kernel, constants }));
    return entry;
  }

  private async makeQueued(): Promise<void> {
    this.makers++;
    for (let entry = this.queue.shift(); entry; entry = this.queue.shift()) {
      if (!entry.compiled) await this.make(entry).catch(() => undefined); // made again, with its message, when it is used
      entry.settle?.();
    }
    this.makers--;
  }

  private async make(entry: Entry): Promise<void> {
    const start = performance.now();
    this.device.pushErrorScope("validation");
    const { layout, descriptor } = this.describe(entry);
    const making = this.device.createComputePipelineAsync(descriptor);
    this.device.popErrorScope().catch(() => undefined);
    const pipeline = await making;
    if (entry.compiled) return;
    entry.compiled = { pipeline, layout };
    this.made(entry.kernel, start);
  }

  private compile(entry: Entry): Compiled {
    this.device.pushErrorScope("validation");
    const { module, code, layout, descriptor } = this.describe(entry);
    const pipeline = this.device.createComputePipeline(descriptor);
    const scope = this.device.popErrorScope();
    const explained = scope.then((error) =>
      error ? explain(entry.kernel, module, code, error.message) : undefined,
    );
    this.fail(explained);
    return { pipeline, layout };
  }

  private describe({ kernel, constants }: Entry): {
    module: GPUShaderModule;
    code: string;
    layout: GPUBindGroupLayout;
    descriptor: GPUComputePipelineDescriptor;
  } {
    const { module, code } = this.moduleOf(kernel);
    const layout = this.layoutOf(kernel);
    const values = Object.fromEntries(
      Object.entries(constants).map(([name, value]) => [name, Number(value)]),
    );
    const descriptor = {
      label: kernel.label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: kernel.entryPoint, constants: values },
    };
    return { module, code, layout, descriptor };
  }

  private moduleOf(kernel: Kernel): { module: GPUShaderModule; code: string } {
    let entry = this.modules.get(kernel.url.href);
    if (!entry) {
      const code = sourceOf(kernel.url);
      entry = { code, module: this.device.createShaderModule({ label: kernel.label, code }) };
      this.modules.set(kernel.url.href, entry);
    }
    return entry;
  }

  private layoutOf(kernel: Kernel): GPUBindGroupLayout {
    let layout = this.layouts.get(kernel);
    if (!layout) {
      const entries = Object.values(kernel.bindings).map((binding, index): GPUBindGroupLayoutEntry => ({
        binding: index,
        visibility: COMPUTE_STAGE,
        ...bound(binding),
      }));
      layout = this.device.createBindGroupLayout({ label: kernel.label, entries });
      this.layouts.set(kernel, layout);
    }
    return layout;
  }
}

function bound(binding: Binding): Omit<GPUBindGroupLayoutEntry, "binding" | "visibility"> {
  if (binding.type === "uniform") return { buffer: { type: "uniform" } };
  if (binding.type === "storage")
    return { buffer: { type: binding.access === "read" ? "read-only-storage" : "storage" } };
  return binding.access === "read"
    ? { texture: { sampleType: "unfilterable-float" } }
    : { storageTexture: { access: "write-only", format: "rgba32float" } };
}

function keyOf(constants: Constants): string {
  return JSON.stringify(Object.entries(constants).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function explain(
  kernel: Kernel,
  module: GPUShaderModule,
  code: string,
  fallback: string,
): Promise<ShaderError> {
  const { messages } = await module.getCompilationInfo();
  const lines = code.split("\n");
  const shown = messages
    .filter((message) => message.type === "error")
    .map(
      ({ lineNum, linePos, message }) =>
        `line ${lineNum}: ${message}\n    ${lines[lineNum - 1] ?? ""}\n    ${" ".repeat(Math.max(0, linePos - 1))}^`,
    );
  return new ShaderError(`${kernel.label}: ${shown.length ? shown.join("\n") : fallback}`);
}
