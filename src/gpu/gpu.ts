import { totalmem } from "node:os";
import { Allocator, DeviceBuffer, DeviceTexels } from "./allocator.js";
import { type DeviceChoice, type FoundAdapter, findAdapter } from "./adapter.js";
import type { Kernel, UniformBinding } from "./kernel.js";
import { pack, type Fields } from "./layout.js";
import { type Compiled, PipelineCache, type Variant } from "./pipelines.js";
import { GpuProfiler, type SpanSink } from "./profiler.js";
import { type Command, Recorder } from "./recorder.js";
import { Transfers } from "./transfers.js";
import { waitFor } from "./wait.js";

export interface DeviceInfo {
  readonly kind: FoundAdapter["kind"];
  /** The adapter's own name, e.g. "NVIDIA H100" or "llvmpipe (LLVM 19, 256 bits)". */
  readonly name: string;
  readonly vendor: string;
  readonly driver: string;
}

export interface GpuOptions {
  readonly device?: DeviceChoice;
  /** Device memory that may be held at once, bytes; default: half of the machine's memory on software drivers, 8 GiB on a GPU. */
  readonly memoryBudget?: number;
  /** Let timestamp queries be as fine as the device has them; WebGPU rounds them to some 65 microseconds by default. */
  readonly preciseTimes?: boolean;
}

type TypedArray = Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;
type TypedArrayConstructor<T extends TypedArray> = {
  new (buffer: ArrayBuffer): T;
  readonly BYTES_PER_ELEMENT: number;
};

const UNIFORM_BYTES = 1 << 18;
const WANTED_LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupSizeX",
] as const;

/** Instances of closed devices: Dawn aborts, or never ends, where one is collected while another is in use. */
const closed: GPU[] = [];

/** One device with its memory, pipelines and queue. Everything the engine does on a GPU goes through here. */
export class Gpu {
  readonly memory: Allocator;
  readonly limits: GPUSupportedLimits;
  private readonly pipelines: PipelineCache;
  private readonly transfers: Transfers;
  private readonly uniforms: GPUBuffer;
  private readonly uniformData = new ArrayBuffer(UNIFORM_BYTES);
  private readonly alignment: number;
  private errors: Error[] = [];
  private pending: Promise<void>[] = [];
  private profiler: GpuProfiler | undefined;

  constructor(
    readonly device: GPUDevice,
    readonly info: DeviceInfo,
    memoryBudget: number,
    private held: GPU | undefined,
  ) {
    this.limits = device.limits;
    this.memory = new Allocator(
      device,
      Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize),
      memoryBudget,
    );
    this.transfers = new Transfers(
      device,
      this.memory,
      (promise, label) => this.wait(promise, label),
      (promise) => void waitFor(promise, this.throttled).catch(() => undefined),
    );
    this.pipelines = new PipelineCache(
      device,
      (error) => this.note(error),
      ({ label }, start) => this.profiler?.tell("compile", label, start),
    );
    this.uniforms = device.createBuffer({
      label: "uniforms",
      size: UNIFORM_BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.alignment = device.limits.minUniformBufferOffsetAlignment;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.errors.push(new Error(event.error.message));
    });
    void device.lost.then((lost) => {
      if (lost.reason !== "destroyed") this.errors.push(new Error(`the device was lost: ${lost.message}`));
    });
  }

  /** A buffer of `bytes`; its contents are undefined. */
  alloc(label: string, bytes: number): DeviceBuffer {
    return this.memory.alloc(label, bytes);
  }

  /** Room for `count` texels or more; their contents are undefined. */
  texels(label: string, count: number): DeviceTexels {
    return this.memory.texels(label, count);
  }

  /** A new buffer holding `data`, its length rounded up to 4 bytes. */
  upload(label: string, data: ArrayBufferView): DeviceBuffer {
    const buffer = this.alloc(label, data.byteLength);
    this.write(buffer, data);
    return buffer;
  }

  /** Write `data` at `byteOffset` (a multiple of 4), in order with what is submitted. */
  write(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset = 0): void {
    const put = (): void => this.put(buffer, data, byteOffset);
    if (this.profiler) this.profiler.time("upload", buffer.label, data.byteLength, put);
    else put();
  }

  /**
   * Write what `pieces` hands out, one piece after the other, from the first byte on, in order with what is submitted. A piece is used
   * before the next is asked for, so that large data pass without being in the host's memory. RangeError where they are more than fit.
   */
  async fill(buffer: DeviceBuffer, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const work = (): Promise<void> => this.transfers.write(buffer, pieces);
    await (this.profiler ? this.profiler.timeAsync("upload", buffer.label, work, buffer.size) : work());
  }

  private put(buffer: DeviceBuffer, data: ArrayBufferView, byteOffset: number): void {
    const whole = data.byteLength & ~3;
    if (whole)
      this.device.queue.writeBuffer(
        buffer.raw,
        buffer.offset + byteOffset,
        data.buffer as ArrayBuffer,
        data.byteOffset,
        whole,
      );
    if (whole < data.byteLength) {
      const tail = new Uint8Array(4);
      tail.set(new Uint8Array(data.buffer, data.byteOffset + whole, data.byteLength - whole));
      this.device.queue.writeBuffer(buffer.raw, buffer.offset + byteOffset + whole, tail);
    }
  }

  /**
   * Has pipelines made in the background, in this order and before those asked for earlier; resolves when they are. Those that nobody
   * asks for in time are made when first used, while everything waits; what is wrong with one is told then.
   */
  prepare(variants: readonly Variant[]): Promise<void> {
    return waitFor(this.pipelines.prepare(variants), this.throttled);
  }

  recorder(label: string): Recorder {
    return new Recorder(label, (name, commands) => {
      const work = (): void => this.execute(name, commands);
      if (this.profiler) this.profiler.time("submit", name, undefined, work);
      else work();
    });
  }

  /** `count` elements from `byteOffset` (a multiple of 4) on, once all that was submitted is done. */
  async read<T extends TypedArray>(
    buffer: DeviceBuffer,
    type: TypedArrayConstructor<T>,
    byteOffset = 0,
    count?: number,
  ): Promise<T> {
    const bytes = count === undefined ? buffer.size - byteOffset : count * type.BYTES_PER_ELEMENT;
    const result = new type(new ArrayBuffer(bytes));
    const target = new Uint8Array(result.buffer);
    let done = 0;
    for await (const piece of this.pieces(buffer, byteOffset, bytes)) {
      target.set(piece, done);
      done += piece.length;
    }
    return result;
  }

  /** `bytes` from `byteOffset` (a multiple of 4) on as {@link read} gives them, piece by piece; each is good until the next is asked for. */
  async *pieces(
    buffer: DeviceBuffer,
    byteOffset = 0,
    bytes = buffer.size - byteOffset,
  ): AsyncGenerator<Uint8Array> {
    for await (const piece of this.transfers.read(buffer, byteOffset, bytes)) {
      const start = performance.now();
      yield piece;
      this.profiler?.tell("read-back", buffer.label, start, piece.length);
    }
    await this.check();
  }

  /** Until all work and writes so far are done; throws what went wrong on the device meanwhile. */
  async idle(): Promise<void> {
    this.device.queue.submit([]); // writes alone wait for a submit
    await this.wait(this.device.queue.onSubmittedWorkDone(), "idle");
    await this.check();
  }

  /** From now on `sink` is told what the host and the device do, until {@link endProfile}. Costs nothing otherwise. */
  async startProfile(sink: SpanSink): Promise<void> {
    await this.idle();
    const profiler = new GpuProfiler(this.device, sink);
    await profiler.calibrate((promise) => this.wait(promise, "calibration"));
    this.profiler = profiler;
  }

  /** Ends a profile: the sink is told of all passes now. */
  async endProfile(): Promise<void> {
    const { profiler } = this;
    this.profiler = undefined;
    await profiler?.finish((promise) => this.wait(promise, "times of passes"));
  }

  /** Free the device. The natural end of the process works afterwards. */
  close(): void {
    this.pipelines.close();
    this.device.destroy();
    if (this.held) closed.push(this.held);
    this.held = undefined;
  }

  private async wait(promise: Promise<unknown>, label: string): Promise<void> {
    const wait = (): Promise<void> => waitFor(promise, this.throttled);
    await (this.profiler ? this.profiler.timeAsync("wait", label, wait) : wait());
  }

  private get throttled(): boolean {
    return this.info.kind !== "hardware" && this.held !== undefined;
  }

  private note(pending: Promise<Error | undefined>): void {
    const told = pending.then((error) => void (error && this.errors.unshift(error)));
    told.catch(() => undefined); // the device may be gone before anybody asks
    this.pending.push(told);
  }

  private async check(): Promise<void> {
    await Promise.all(this.pending.splice(0));
    const [first] = this.errors.splice(0);
    if (first) throw first;
  }

  /** Encode commands, as many at a time as the uniform buffer holds. */
  private execute(label: string, commands: readonly Command[]): void {
    let encoder = this.device.createCommandEncoder({ label });
    let used = 0;
    const flush = (): void => {
      if (used) this.device.queue.writeBuffer(this.uniforms, 0, this.uniformData, 0, used);
      this.device.queue.submit([encoder.finish()]);
      encoder = this.device.createCommandEncoder({ label });
      used = 0;
    };
    for (const command of commands) {
      if (command.type === "clear") {
        const { buffer, offset, bytes } = command;
        encoder.clearBuffer(buffer.raw, buffer.offset + offset, bytes);
      } else if (command.type === "copy") {
        const { from, to, bytes, fromOffset, toOffset } = command;
        const [source, target] = [from.offset + fromOffset, to.offset + toOffset];
        encoder.copyBufferToBuffer(from.raw, source, to.raw, target, Math.ceil(bytes / 4) * 4);
      } else {
        const need = this.uniformBytes(command);
        if (used + need > UNIFORM_BYTES) flush();
        used = this.encode(encoder, command, used);
      }
    }
    flush();
  }

  private uniformBytes(command: Command & { type: "run" }): number {
    let bytes = 0;
    for (const binding of Object.values(command.kernel.bindings))
      if (binding.type === "uniform") bytes += this.padded(binding);
    return bytes;
  }

  private padded(binding: UniformBinding<Fields>): number {
    return Math.ceil(binding.layout.size / this.alignment) * this.alignment;
  }

  /** Encode one dispatch, its uniforms from byte `used` on; returns the next free byte. */
  private encode(
    encoder: GPUCommandEncoder,
    { kernel, bindings, groups, constants }: Command & { type: "run" },
    used: number,
  ): number {
    const compiled = (): Compiled => this.pipelines.get(kernel, constants);
    const { pipeline, layout } =
      this.profiler && !this.pipelines.has(kernel, constants)
        ? this.profiler.time("compile", kernel.label, undefined, compiled)
        : compiled();
    const view = new DataView(this.uniformData);
    const entries = Object.entries(kernel.bindings).map(([name, binding], index): GPUBindGroupEntry => {
      const value = bindings[name];
      if (binding.type === "storage") {
        if (!(value instanceof DeviceBuffer)) throw new TypeError(`${kernel.label}: ${name} is not a buffer`);
        return { binding: index, resource: { buffer: value.raw, offset: value.offset, size: value.size } };
      }
      if (binding.type === "texels") {
        if (!(value instanceof DeviceTexels)) throw new TypeError(`${kernel.label}: ${name} are no texels`);
        return { binding: index, resource: value.raw.createView() };
      }
      pack(binding.fields, binding.layout, value as Record<string, unknown>, view, used);
      const resource = { buffer: this.uniforms, offset: used, size: binding.layout.size };
      used += this.padded(binding);
      return { binding: index, resource };
    });
    const timestampWrites = this.profiler?.pass(kernel.label, boundBytes(kernel, bindings));
    const pass = encoder.beginComputePass({ label: kernel.label, timestampWrites });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.device.createBindGroup({ label: kernel.label, layout, entries }));
    pass.dispatchWorkgroups(groups[0], groups[1] ?? 1, groups[2] ?? 1);
    pass.end();
    return used;
  }
}

/** Bytes of the buffers bound to a dispatch, those that it may write counted twice: what it moves where it touches all of them. */
function boundBytes(kernel: Kernel, bindings: Readonly<Record<string, unknown>>): number {
  let bytes = 0;
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const buffer = bindings[name];
    if (binding.type === "storage" && buffer instanceof DeviceBuffer)
      bytes += buffer.size * (binding.access === "read" ? 1 : 2);
    if (binding.type === "texels" && buffer instanceof DeviceTexels) bytes += buffer.size;
  }
  return bytes;
}

/** Open the device `choice` asks for (see findAdapter). Throws NoDeviceError where there is none. */
export async function openGpu(choice: DeviceChoice | GpuOptions = "auto"): Promise<Gpu> {
  const options = typeof choice === "string" ? { device: choice } : choice;
  const { kind, adapter, gpu } = await findAdapter(options.device ?? "auto", options.preciseTimes);
  const device = await adapter.requestDevice({
    requiredFeatures: (["timestamp-query", "subgroups", "shader-f16"] as GPUFeatureName[]).filter((name) =>
      adapter.features.has(name),
    ),
    requiredLimits: Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]])),
  });
  const { device: name, description, vendor } = adapter.info;
  const fallbackBudget = kind === "hardware" ? 8 * 2 ** 30 : totalmem() / 2;
  const info = { kind, name: name || description || kind, vendor, driver: description };
  return new Gpu(device, info, options.memoryBudget ?? fallbackBudget, gpu);
}
