import { writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { SOFTWARE_VERSION, UserError } from "../host/models/index.js";
import type { RunReport } from "../pipelines/call.js";
import type { RunSummary } from "./summary.js";

/** Writes what a run tells of itself, and of the machine, as JSON; bytes and seconds. Throws UserError where it cannot be written. */
export async function writeReport(path: string, summary: RunSummary, report: RunReport): Promise<void> {
  const { device, total, sources, deviceBytes, residentBytes, files } = summary;
  const json = {
    version: SOFTWARE_VERSION,
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryBytes: totalmem(),
    date: new Date().toISOString(),
    device,
    totalSeconds: total,
    steps: Object.fromEntries(summary.steps),
    stages: report.stages,
    sources,
    deviceBytes,
    residentBytes,
    warnings: report.warnings,
    files,
  };
  await writeFile(path, `${JSON.stringify(json, undefined, 1)}\n`).catch((error: Error) => {
    throw new UserError(`--report=${path}: cannot be written (${error.message})`);
  });
}
