import { type Kernel, sourceOf } from "./kernel.js";
import type { Constants } from "./recorder.js";

export interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** WGSL that does not compile, or does not fit its typed wrapper; the message shows the offending lines. */
export class ShaderError extends Error {
  override readonly name = "ShaderError";
}

const COMPUTE_STAGE = 4;

/** Compute pipelines by kernel and override constants, made once. */
export class PipelineCache {
  private readonly modules = new Map<string, { module: GPUShaderModule; code: string }>();
  private readonly layouts = new Map<Kernel, GPUBindGroupLayout>();
  private readonly compiled = new Map<Kernel, Map<string, Compiled>>();

  /** @param fail is told of errors, which the device reports later than the call that made them */
  constructor(
    private readonly device: GPUDevice,
    private readonly fail: (pending: Promise<Error | undefined>) => void,
  ) {}

  has(kernel: Kernel, constants: Constants): boolean {
    return this.compiled.get(kernel)?.has(keyOf(constants)) === true;
  }

  get(kernel: Kernel, constants: Constants): Compiled {
    const key = keyOf(constants);
    let variants = this.compiled.get(kernel);
    if (!variants) this.compiled.set(kernel, (variants = new Map()));
    let compiled = variants.get(key);
    if (!compiled) variants.set(key, (compiled = this.compile(kernel, constants)));
    return compiled;
  }

  private compile(kernel: Kernel, constants: Constants): Compiled {
    this.device.pushErrorScope("validation");
    const { module, code } = this.moduleOf(kernel);
    const layout = this.layoutOf(kernel);
    const values = Object.fromEntries(
      Object.entries(constants).map(([name, value]) => [name, Number(value)]),
    );
    const pipeline = this.device.createComputePipeline({
      label: kernel.label,
      layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: kernel.entryPoint, constants: values },
    });
    const scope = this.device.popErrorScope();
    this.fail(scope.then((error) => (error ? explain(kernel, module, code, error.message) : undefined)));
    return { pipeline, layout };
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
      const entries = Object.values(kernel.bindings).map((binding, index): GPUBindGroupLayoutEntry => {
        const type =
          binding.type === "uniform"
            ? "uniform"
            : binding.access === "read"
              ? "read-only-storage"
              : "storage";
        return { binding: index, visibility: COMPUTE_STAGE, buffer: { type } };
      });
      layout = this.device.createBindGroupLayout({ label: kernel.label, entries });
      this.layouts.set(kernel, layout);
    }
    return layout;
  }
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
