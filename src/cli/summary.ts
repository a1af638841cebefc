import { relative } from "node:path";
import type { WrittenFile } from "../host/models/index.js";

export interface RunSummary {
  readonly device: string;
  /** Seconds a step, in order. */
  readonly steps: ReadonlyMap<string, number>;
  readonly total: number;
  readonly sources?: number;
  readonly deviceBytes: number;
  /** Most memory of the process, drivers included. */
  readonly residentBytes: number;
  readonly files: readonly WrittenFile[];
}

/** The table a run ends with. */
export function summaryTable(summary: RunSummary): string {
  const rows: [string, string][] = [["device", summary.device]];
  for (const [step, seconds] of summary.steps) rows.push([step, `${seconds.toFixed(2)} s`]);
  rows.push(["total", `${summary.total.toFixed(2)} s`]);
  if (summary.sources !== undefined) rows.push(["sources", String(summary.sources)]);
  const { deviceBytes, residentBytes } = summary;
  rows.push(["peak memory", `${size(deviceBytes)} on the device, ${size(residentBytes)} process`]);
  summary.files.forEach(({ path, bytes }, i) =>
    rows.push([i === 0 ? "files" : "", `${shown(path)} (${size(bytes)})`]),
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
