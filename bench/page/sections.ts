import { BUSY, ratiosOf } from "../measure/lines.js";
import { type Results, type RunResult, type StageRow, STAGES, median } from "../measure/results.js";
import { type Limit, limitsOf } from "./limits.js";
import { table } from "./table.js";

export const STAGE_NOTES =
  'A stage counts while it goes on at all, on whatever thread; "overlap" is what stages saved by running side by side, so that a bar may be longer than its step. ' +
  '"Kernel" is the device\'s own time, "read-back" copying, and waiting while no kernel runs; "other" is the host computing.';

export const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(2);
/** Three digits, and nothing where there is nothing to tell. */
const short = (value: number | undefined): string =>
  value === undefined || value < 0.0005 ? "" : value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : 1);
const share = (value: number | undefined): string =>
  value === undefined ? "" : `${(100 * value).toFixed(0)} %${value >= BUSY ? " (!)" : ""}`;

export function runTable(runs: readonly RunResult[]): string {
  const rows = runs.map((run) => {
    const { suite, program, kind, scene, seconds, cpuSeconds, residentBytes, deviceBytes, failed } = run;
    return [
      suite,
      `${scene.exposures} x ${scene.size}²`,
      `${scene.mosaic}²`,
      String(run.sources ?? ""),
      kind ? `${program}, ${kind}` : program,
      failed === undefined ? median(seconds).toFixed(2) : `failed: ${failed}`,
      cpuSeconds === undefined ? "" : cpuSeconds.toFixed(1),
      residentBytes === undefined ? "" : gigabytes(residentBytes),
      deviceBytes === undefined ? "" : gigabytes(deviceBytes),
      share(run.load.others),
      `${run.at.slice(0, 16).replace("T", " ")}, ${run.commit}`,
    ];
  });
  const head = ["suite", "exposures", "mosaic", "sources found", "program", "seconds", "of processors"];
  return [
    table([...head, "process, GB", "of it device, GB", "others", "taken"], rows),
    `"Of processors" is user and system time; "process" its peak resident memory, driver included; "others" the part of the cores that other programs used ` +
      `meanwhile: figures with (!) were taken on a machine that was not idle. "Taken" is the time (UTC) and the commit.`,
  ].join("\n\n");
}

export function ratioList(results: Results): string {
  return ratiosOf(results)
    .map((line) => `- ${line}`)
    .join("\n");
}

export function drizzleTable({ drizzle }: Results): string {
  const rows = drizzle.map((one) => {
    const { suite, program, kind, first, warm, step, stages, residentBytes, failed, load } = one;
    const parts = stages?.stages;
    return [
      suite,
      kind
        ? `${program}, ${kind}`
        : `${program}: C calls${step ? ` (of ${step.toFixed(1)} s in the step)` : ""}`,
      failed === undefined ? short(first) : `failed: ${failed}`,
      warm.length ? short(median(warm)) : "",
      short(parts?.upload),
      short(parts?.kernel),
      short(parts?.["read-back"]),
      short(stages?.other),
      residentBytes === undefined ? "" : gigabytes(residentBytes),
      share(load.others),
    ];
  });
  return [
    "### Drizzle alone",
    "Four exposures in memory to all planes of the mosaic in memory: tables, uploads, kernels, read-back. romancal's are its calls of drizzle's C function for the same " +
      'planes, without its pixel maps. The parts are of one more time, with the mosaic\'s statistics; tables are in "other".',
    table(
      [
        "suite",
        "program",
        "first touch, s",
        "warm, s",
        "upload",
        "kernel",
        "read-back",
        "other",
        "process, GB",
        "others",
      ],
      rows,
    ),
  ].join("\n\n");
}

export function stageSection({ stages = [] }: RunResult): string {
  const sums = STAGES.map((name) => stages.reduce((sum, row) => sum + row.stages[name], 0));
  const told = STAGES.filter((_, i) => sums[i] >= 0.0005);
  const rows = stages.map(({ step, seconds, stages: parts, other, overlapped }) => [
    step,
    short(seconds),
    ...told.map((name) => short(parts[name])),
    short(other),
    short(overlapped),
  ]);
  const all = (of: (row: StageRow) => number): string => short(stages.reduce((sum, row) => sum + of(row), 0));
  rows.push([
    "all",
    all(({ seconds }) => seconds),
    ...told.map((name) => all((row) => row.stages[name])),
    all(({ other }) => other),
    all(({ overlapped }) => overlapped),
  ]);
  return table(["step", "seconds", ...told, "other", "overlap"], rows);
}

export function kernelShares({ kernels = [] }: RunResult): string {
  if (kernels.length === 0) return "";
  const rows = kernels
    .slice(0, 20)
    .map(({ kernel, passes, seconds, bytes }) => [
      kernel,
      String(passes),
      (seconds * 1000).toFixed(seconds < 0.01 ? 2 : 0),
      (bytes / 1e9).toFixed(2),
      (bytes / seconds / 1e9).toFixed(1),
    ]);
  return [
    "The kernels of this run that took longest. Bytes are those of the buffers bound, twice where a kernel may write: an upper bound.",
    table(["kernel", "passes", "ms", "GB bound", "GB/s at most"], rows),
  ].join("\n\n");
}

export function kernelTable({ kernels }: Results): string {
  const rows = kernels.map(({ device, kernel, on, pixels, bytes, seconds, share: part, timestamps }) => [
    device,
    kernel,
    on,
    (pixels / seconds / 1e6).toFixed(0),
    (bytes / seconds / 1e9).toFixed(1),
    `${(100 * part).toFixed(0)} %`,
    timestamps ? "device" : "host",
  ]);
  return table(["device", "kernel", "on", "Mpix/s", "GB/s", "of a copy", "timed by"], rows);
}

export function rateTable({ rates, host }: Results): string {
  const giga = (value: number): string => (value / 1e9).toFixed(1);
  const rows = rates.map(({ device, copy, operations, upload, readBack }) => [
    device,
    giga(copy),
    giga(operations),
    giga(upload),
    giga(readBack),
  ]);
  const parts = [
    table(["device", "copy, GB/s", "multiply-adds, Gop/s", "upload, GB/s", "read-back, GB/s"], rows),
  ];
  if (host)
    parts.push(
      `The host: one thread copies ${giga(host.copy)} GB/s, reads files that are in memory at ${giga(host.read)} GB/s and writes at ${giga(host.write)} GB/s; ` +
        `a core decodes lz4 at ${giga(host.decode)} GB/s and encodes at ${giga(host.encode)} GB/s. ` +
        `Its ${host.cores} cores compute ${host.coresAtOnce.toFixed(2)} times at once what one computes alone.`,
    );
  return parts.join("\n\n");
}

/** How far a run is from what the machine could do; "" where the rates of its device were not measured. */
export function limitSection(run: RunResult, { rates, host }: Results): string {
  const device = rates.find(({ kind }) => kind === (run.device ?? "").split(":")[0]);
  if (!device || !host) return "";
  const limits = limitsOf(run, device, host);
  const factor = ({ measured, kernels, seconds }: Limit): string => {
    const taken = kernels ?? measured;
    return taken === undefined || seconds < 1e-4 ? "" : (taken / seconds).toFixed(1);
  };
  const rows = limits.map((one) => [
    one.step,
    gigabytes(one.bytes),
    one.operations ? (one.operations / 1e9).toFixed(1) : "",
    short(one.byBytes),
    short(one.byOperations),
    short(one.seconds),
    short(one.kernels),
    short(one.measured),
    factor(one),
    one.because,
  ]);
  const sum = limits.reduce((total, { seconds }) => total + seconds, 0);
  const steps = Object.values(run.steps).reduce((total, seconds) => total + seconds, 0);
  return [
    "A perfect implementation on this machine reads each plane that a step needs once and writes each it makes once, at the bandwidth of a copy, and computes at the peak of multiply-adds " +
      "(formulae: bench/page/limits.ts). The limit is the longer of the two; the factor is the kernels' time over it, or the step's where the device does not time kernels.",
    table(
      [
        "step",
        "GB",
        "Gop",
        "by bytes, s",
        "by operations, s",
        "limit, s",
        "kernels, s",
        "measured, s",
        "factor",
        "because",
      ],
      rows,
    ),
    `One after the other the limits make ${sum.toFixed(2)} s; the steps took ${steps.toFixed(2)} s, the whole process ${median(run.seconds).toFixed(2)} s. ` +
      "Where files, transfers and kernels run on hardware of their own, only the longest of them counts.",
  ].join("\n\n");
}

export function compileTable(runs: readonly RunResult[]): string {
  const wanted = runs.filter(({ suite, failed }) => suite.startsWith("compile") && failed === undefined);
  if (wanted.length === 0) return "";
  const rows = wanted.map(({ suite, kind = "", seconds, cpuSeconds }) => [
    kind,
    suite.replace("compile, ", ""),
    median(seconds).toFixed(2),
    cpuSeconds?.toFixed(1) ?? "",
  ]);
  return [
    "### Compiling kernels",
    "Two exposures of 600 x 600, so that a run is little but its start: with the drivers' caches empty, then with what that run left in them.",
    table(["device", "caches", "seconds", "of processors"], rows),
  ].join("\n\n");
}
