import { STAGES, type KernelShare, type StageName, type StageRow, type StageTable } from "./results.js";

/** What a bench reads of a trace that `--profile` wrote. */
export interface ChromeTrace {
  readonly traceEvents: readonly {
    readonly name: string;
    readonly cat?: string;
    readonly ph: string;
    readonly ts: number;
    readonly dur: number;
  }[];
  readonly otherData: { readonly kernels: readonly KernelShare[] };
}

type Interval = readonly [start: number, end: number];

const CATEGORY: Readonly<Record<string, StageName>> = { pass: "kernel", wait: "read-back" };

/**
 * Where each step's seconds went. A stage's are those in which at least one span of it was open, so that what runs side by side
 * counts once; waiting for the device is read-back only while no kernel runs.
 */
export function stageTable({ traceEvents }: ChromeTrace): StageTable {
  const spans = traceEvents.filter(({ ph }) => ph === "X");
  const of = (name: StageName): Interval[] =>
    union(
      spans
        .filter(({ cat = "" }) => (CATEGORY[cat] ?? cat) === name)
        .map(({ ts, dur }): Interval => [ts, ts + dur]),
    );
  const all = Object.fromEntries(STAGES.map((name) => [name, of(name)])) as Record<StageName, Interval[]>;
  all["read-back"] = without(all["read-back"], union([...all.kernel, ...all.submit, ...all.compile]));
  all.submit = without(all.submit, all.compile);
  return spans
    .filter(({ cat }) => cat === "step")
    .map(({ name, ts, dur }): StageRow => {
      const parts = STAGES.map((stage) => clip(all[stage], [ts, ts + dur]));
      const busy = length(union(parts.flat()));
      const sum = parts.reduce((total, part) => total + length(part), 0);
      const stages = Object.fromEntries(STAGES.map((stage, i) => [stage, length(parts[i]) / 1e6]));
      return {
        step: name,
        seconds: dur / 1e6,
        stages: stages as Record<StageName, number>,
        other: (dur - busy) / 1e6,
        overlapped: (sum - busy) / 1e6,
      };
    });
}

function length(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, [start, end]) => sum + end - start, 0);
}

/** Disjoint intervals in order that cover what the given ones cover. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: [number, number][] = [];
  for (const [start, end] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

function clip(intervals: readonly Interval[], [low, high]: Interval): Interval[] {
  return intervals
    .map(([start, end]): Interval => [Math.max(start, low), Math.min(end, high)])
    .filter(([start, end]) => start < end);
}

/** What of disjoint intervals in order lies outside of others of that kind. */
export function without(intervals: readonly Interval[], others: readonly Interval[]): Interval[] {
  const left: Interval[] = [];
  for (const [start, end] of intervals) {
    let at = start;
    for (const [low, high] of others) {
      if (high <= at) continue;
      if (low >= end) break;
      if (low > at) left.push([at, low]);
      at = Math.max(at, high);
    }
    if (at < end) left.push([at, end]);
  }
  return left;
}
