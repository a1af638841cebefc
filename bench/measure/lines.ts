import { type DrizzleResult, median, type Results, type RunResult } from "./results.js";

/** Seconds below which a step did nothing yet: flux is applied as exposures come to the device. */
const NOTHING_DONE = 0.005;
/** Share of the cores in others' use from which a figure is marked. */
export const BUSY = 0.05;

/** A figure as it is printed while benches run. */
export function lineOf(result: RunResult | DrizzleResult): string {
  const { suite, program, kind, scene, residentBytes, failed } = result;
  const what = `${suite}: ${scene.exposures} x ${scene.size}^2 into ${scene.mosaic}^2, ${scene.sources} sources`;
  const who = kind ? `${program} on ${kind}` : program;
  if (failed !== undefined) return `${what}; ${who}: FAILED: ${failed}`;
  const memory = residentBytes === undefined ? "" : `, ${(residentBytes / 1e9).toFixed(2)} GB`;
  if ("warm" in result) {
    const first = result.first === undefined ? "" : `first ${result.first.toFixed(2)} s, then `;
    return `${what}; drizzle alone, ${who}: ${first}${median(result.warm).toFixed(2)} s${memory}`;
  }
  const cpu = result.cpuSeconds === undefined ? "" : `, ${result.cpuSeconds.toFixed(1)} s of processors`;
  return `${what}; ${who}: ${median(result.seconds).toFixed(2)} s${cpu}${memory}`;
}

/** What to know of a figure that was taken while others used the machine. */
export function warningOf({ load: { others = 0 } }: RunResult | DrizzleResult): string | undefined {
  if (others < BUSY) return undefined;
  return `  warning: others used ${(100 * others).toFixed(0)} % of the cores meanwhile`;
}

/** romancal's figures over ours, for each scene that both were given. */
export function ratiosOf({ runs, drizzle }: Results): string[] {
  const lines: string[] = [];
  for (const reference of runs.filter(({ program, failed }) => program === "romancal" && !failed))
    for (const run of runs) {
      if (run.program !== "romancal-webgpu" || !isSame(run, reference)) continue;
      const parts = [`whole run ${(median(reference.seconds) / median(run.seconds)).toFixed(1)}`];
      if (reference.cpuSeconds && run.cpuSeconds)
        parts.push(`processor time ${(reference.cpuSeconds / run.cpuSeconds).toFixed(1)}`);
      for (const [step, seconds] of Object.entries(reference.steps))
        if (run.steps[step] > NOTHING_DONE) parts.push(`${step} ${(seconds / run.steps[step]).toFixed(1)}`);
      if (reference.residentBytes && run.residentBytes)
        parts.push(`memory ${(reference.residentBytes / run.residentBytes).toFixed(1)}`);
      lines.push(`romancal / ours on ${run.kind}: ${parts.join(", ")}`);
    }
  for (const reference of drizzle.filter(({ program, failed }) => program === "romancal" && !failed))
    for (const run of drizzle) {
      if (run.program !== "romancal-webgpu" || !isSame(run, reference)) continue;
      const theirs = median(reference.warm);
      lines.push(
        `drizzle alone, romancal's C calls / ours on ${run.kind}: warm ${(theirs / median(run.warm)).toFixed(1)}, ` +
          `first touch ${(theirs / (run.first ?? NaN)).toFixed(1)}`,
      );
    }
  return lines;
}

function isSame(run: RunResult | DrizzleResult, reference: RunResult | DrizzleResult): boolean {
  if (run.failed !== undefined || run.suite !== reference.suite) return false;
  return JSON.stringify(run.scene) === JSON.stringify(reference.scene);
}
