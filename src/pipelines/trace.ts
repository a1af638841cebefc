import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { GpuSpan } from "../gpu/index.js";
import { FILE_ACTIVITY, type FileActivity } from "../host/asdf/index.js";

/** One span of a run; milliseconds of `performance.now()`. */
export interface Span {
  readonly track: Track;
  readonly category: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly bytes?: number;
}

/** Rows of the trace: the pipeline's steps with their stages, files, the host's dealings with the device, the device's passes. */
export type Track = "steps" | "files" | "transfers" | "passes";

/** A kernel's passes over a run. */
export interface KernelTotal {
  readonly kernel: string;
  passes: number;
  seconds: number;
  /** Of the buffers bound, those that may be written counted twice: an upper bound of what was moved. */
  bytes: number;
}

interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  readonly ph: "X" | "M";
  /** Microseconds. */
  readonly ts?: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const TRACKS: readonly Track[] = ["steps", "files", "transfers", "passes"];
const LANES = 100;

/** A recording of one run. While it records, everything that reads or writes files in this process is in it. */
export class Trace {
  readonly spans: Span[] = [];
  private readonly begin = performance.now();
  private readonly listen = (message: unknown): void => {
    const { stage, start, end, bytes } = message as FileActivity;
    this.spans.push({ track: "files", category: stage, name: stage, start, end, bytes });
  };

  /** Starts listening to what is read and written. */
  open(): void {
    subscribe(FILE_ACTIVITY, this.listen);
  }

  /** As Timer tells its spans. */
  readonly step = (step: string, stage: string, start: number, end: number): void => {
    const whole = stage === "total";
    const [category, name] = whole ? ["step", step] : ["stage", stage];
    this.spans.push({ track: "steps", category, name, start, end });
  };

  /** As Gpu tells its spans. */
  readonly device = (span: GpuSpan): void => {
    this.spans.push({ track: span.category === "pass" ? "passes" : "transfers", ...span });
  };

  /** Stops listening. */
  close(): void {
    unsubscribe(FILE_ACTIVITY, this.listen);
  }

  /** What each kernel took, the longest first; empty where the device has no timestamp queries. */
  kernels(): KernelTotal[] {
    const totals = new Map<string, KernelTotal>();
    for (const { track, name, start, end, bytes = 0 } of this.spans) {
      if (track !== "passes") continue;
      const total = totals.get(name) ?? { kernel: name, passes: 0, seconds: 0, bytes: 0 };
      total.passes++;
      total.seconds += (end - start) / 1000;
      total.bytes += bytes;
      totals.set(name, total);
    }
    return [...totals.values()].sort((a, b) => b.seconds - a.seconds);
  }

  /** A Chrome trace (chrome://tracing, ui.perfetto.dev). `about` goes with it as it is. */
  toJson(about: Readonly<Record<string, unknown>>): string {
    const events: TraceEvent[] = [];
    TRACKS.forEach((track, i) => {
      const pid = track === "passes" ? 2 : 1;
      const lanes = lanesOf(this.spans.filter((span) => span.track === track));
      lanes.forEach((spans, lane) => {
        const tid = LANES * (i + 1) + lane;
        const name = lane === 0 ? track : `${track} ${lane + 1}`;
        events.push({ name: "thread_name", ph: "M", pid, tid, args: { name } });
        events.push({ name: "thread_sort_index", ph: "M", pid, tid, args: { sort_index: tid } });
        for (const span of spans) events.push(this.event(span, pid, tid));
      });
    });
    for (const [pid, name] of [
      [1, "host"],
      [2, "device"],
    ] as const)
      events.push({ name: "process_name", ph: "M", pid, tid: 0, args: { name } });
    return JSON.stringify({
      displayTimeUnit: "ms",
      otherData: { ...about, kernels: this.kernels() },
      traceEvents: events,
    });
  }

  private event({ name, category, start, end, bytes }: Span, pid: number, tid: number): TraceEvent {
    const args = bytes === undefined ? undefined : { bytes };
    return {
      name,
      cat: category,
      ph: "X",
      ts: (start - this.begin) * 1000,
      dur: (end - start) * 1000,
      pid,
      tid,
      args,
    };
  }
}

/** Spans in as few lanes as it takes for those of a lane to lie within or beside each other, never across. */
function lanesOf(spans: readonly Span[]): Span[][] {
  const sorted = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const lanes: { spans: Span[]; open: Span[] }[] = [];
  for (const span of sorted) {
    let lane = lanes.find(({ open }) => {
      while (open.length && open[open.length - 1].end <= span.start) open.pop();
      return open.length === 0 || span.end <= open[open.length - 1].end;
    });
    if (!lane) lanes.push((lane = { spans: [], open: [] }));
    lane.spans.push(span);
    lane.open.push(span);
  }
  return lanes.map((lane) => lane.spans);
}
