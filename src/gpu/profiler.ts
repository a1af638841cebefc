/** Told of each span of time: milliseconds of `performance.now()`. */
export type SpanSink = (span: GpuSpan) => void;

export interface GpuSpan {
  /** What the host did ("upload", "wait", "read-back", "submit", "compile"), or "pass": what the device did. */
  readonly category: "upload" | "wait" | "read-back" | "submit" | "compile" | "pass";
  /** The buffer's, recorder's or kernel's label. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** Bytes moved; of a pass: of the buffers bound to it, those that it may write counted twice. */
  readonly bytes?: number;
}

interface Pass {
  readonly name: string;
  readonly bytes: number;
}
interface Page {
  readonly queries: GPUQuerySet;
  readonly passes: Pass[];
}

const PASSES_A_PAGE = 2048; // two queries a pass, 4096 a set at most
const QUERY_BYTES = 8;

/**
 * Watches one device: times what the host does with it, and its passes by timestamp queries where the device has them. Times of
 * passes are read when the run is over, so that nothing waits for them.
 */
export class GpuProfiler {
  /** Whether passes are timed. */
  readonly timesPasses: boolean;
  private readonly pages: Page[] = [];
  /** Host milliseconds minus device milliseconds. */
  private offset = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly sink: SpanSink,
  ) {
    this.timesPasses = device.features.has("timestamp-query");
  }

  time<T>(category: GpuSpan["category"], name: string, bytes: number | undefined, work: () => T): T {
    const start = performance.now();
    const result = work();
    this.sink({ category, name, start, end: performance.now(), bytes });
    return result;
  }

  async timeAsync<T>(
    category: GpuSpan["category"],
    name: string,
    work: () => Promise<T>,
    bytes?: number,
  ): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.tell(category, name, start, bytes);
    return result;
  }

  /** Of what went on from `start` until now. */
  tell(category: GpuSpan["category"], name: string, start: number, bytes?: number): void {
    this.sink({ category, name, start, end: performance.now(), bytes });
  }

  /** Where the next pass is to write its times; undefined where the device cannot. */
  pass(name: string, bytes: number): GPUComputePassTimestampWrites | undefined {
    if (!this.timesPasses) return undefined;
    let page = this.pages.at(-1);
    if (!page || page.passes.length === PASSES_A_PAGE) {
      const queries = this.device.createQuerySet({ type: "timestamp", count: 2 * PASSES_A_PAGE });
      this.pages.push((page = { queries, passes: [] }));
    }
    const first = 2 * page.passes.length;
    page.passes.push({ name, bytes });
    return { querySet: page.queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** Finds how the device's clock stands to the host's, by an empty pass; the device must be idle. `wait` awaits as Gpu does. */
  async calibrate(wait: (promise: Promise<unknown>) => Promise<void>): Promise<void> {
    if (!this.timesPasses) return;
    const encoder = this.device.createCommandEncoder();
    const timestampWrites = this.pass("calibration", 0);
    encoder.beginComputePass({ timestampWrites }).end();
    const before = performance.now();
    this.device.queue.submit([encoder.finish()]);
    await wait(this.device.queue.onSubmittedWorkDone());
    const after = performance.now();
    const [times] = await this.readPages(wait);
    this.offset = (before + after) / 2 - Number(times[1]) / 1e6;
    this.drop();
  }

  /** Tells the sink of all passes since the start; the profiler is of no use afterwards. */
  async finish(wait: (promise: Promise<unknown>) => Promise<void>): Promise<void> {
    const times = await this.readPages(wait);
    this.pages.forEach(({ passes }, i) =>
      passes.forEach(({ name, bytes }, k) => {
        const [start, end] = [times[i][2 * k], times[i][2 * k + 1]].map(
          (ns) => Number(ns) / 1e6 + this.offset,
        );
        this.sink({ category: "pass", name, start, end: Math.max(start, end), bytes });
      }),
    );
    this.drop();
  }

  private async readPages(wait: (promise: Promise<unknown>) => Promise<void>): Promise<BigUint64Array[]> {
    const all: BigUint64Array[] = [];
    for (const { queries, passes } of this.pages) {
      const count = 2 * passes.length;
      const size = count * QUERY_BYTES;
      const resolved = this.device.createBuffer({
        size,
        usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
      });
      const staging = this.device.createBuffer({
        size,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      const encoder = this.device.createCommandEncoder();
      encoder.resolveQuerySet(queries, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      this.device.queue.submit([encoder.finish()]);
      await wait(staging.mapAsync(GPUMapMode.READ));
      all.push(new BigUint64Array(staging.getMappedRange().slice(0)));
      staging.destroy();
      resolved.destroy();
    }
    return all;
  }

  private drop(): void {
    for (const { queries } of this.pages.splice(0)) queries.destroy();
  }
}
