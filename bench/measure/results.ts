import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { SceneOptions } from "../scene/scene.js";
import type { Load } from "./process.js";
import type { DeviceRates, HostRates } from "./rates.js";

/** What was measured on one machine on one day, as it lies in bench/results. Seconds, bytes. */
export interface Results {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly version: string;
  readonly machine: Machine;
  /** How it was called, places left out. */
  readonly commands: string[];
  /** Of the host, once a call: the last. */
  host?: HostRates & Taken;
  readonly rates: (DeviceRates & Taken)[];
  readonly kernels: (KernelResult & Taken)[];
  readonly drizzle: DrizzleResult[];
  readonly runs: RunResult[];
}

/** When a figure was taken, and of what. */
export interface Taken {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Commit of the working tree; "+" where files were changed. */
  readonly commit: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Versions of what the speed depends on. */
  readonly modules: Readonly<Record<string, string>>;
}

export interface KernelResult {
  readonly device: string;
  readonly kernel: string;
  /** What it was run on. */
  readonly on: string;
  readonly pixels: number;
  /** Bytes that it must move. */
  readonly bytes: number;
  /** Median over the repetitions. */
  readonly seconds: number;
  /** Whether the device timed it; else the host did. */
  readonly timestamps: boolean;
  /** Bytes a second over those of a plain copy on this device. */
  readonly share: number;
}

export interface RunResult extends Taken {
  readonly suite: string;
  readonly program: "romancal-webgpu" | "romancal" | "swarp" | "sextractor";
  /** Kind of device that was asked for, and its name as the run tells it. */
  readonly kind?: string;
  readonly device?: string;
  readonly scene: SceneOptions;
  /** Process start to exit, each repetition. */
  readonly seconds: readonly number[];
  readonly steps: Readonly<Record<string, number>>;
  readonly sources?: number;
  /** User and system time of the median run. */
  readonly cpuSeconds?: number;
  /** Most of all repetitions, watched from outside. */
  readonly residentBytes?: number;
  readonly deviceBytes?: number;
  /** Of the busiest repetition. */
  readonly load: Load;
  readonly inputBytes: number;
  readonly outputBytes?: number;
  /** Where the seconds of a profiled run went; not the runs that `seconds` are of. */
  readonly stages?: StageTable;
  readonly kernels?: readonly KernelShare[];
  /** Seconds in drizzle's C function within resample; romancal alone. */
  readonly drizzleSeconds?: number;
  /** Why there are no seconds. */
  readonly failed?: string;
}

/** Drizzle alone: exposures in memory to all planes of the mosaic in memory. */
export interface DrizzleResult extends Taken {
  readonly suite: string;
  readonly program: "romancal-webgpu" | "romancal";
  readonly kind?: string;
  readonly device?: string;
  readonly scene: SceneOptions;
  readonly load: Load;
  /** The first time in a process; memory is touched for the first time. */
  readonly first?: number;
  /** Each later time. romancal's: its calls of drizzle's C function. */
  readonly warm: readonly number[];
  /** romancal's whole step, files read; for comparison. */
  readonly step?: number;
  readonly residentBytes?: number;
  /** Of one more time. */
  readonly stages?: StageRow;
  readonly kernels?: readonly KernelShare[];
  readonly failed?: string;
}

export const STAGES = [
  "read",
  "decode",
  "checksum",
  "upload",
  "compile",
  "submit",
  "kernel",
  "read-back",
  "encode",
  "write",
] as const;
export type StageName = (typeof STAGES)[number];

export interface StageRow {
  readonly step: string;
  readonly seconds: number;
  readonly stages: Readonly<Record<StageName, number>>;
  /** Seconds in which nothing of the above was going on: the host computes. */
  readonly other: number;
  /** Seconds in which two or more of the above went on at a time. */
  readonly overlapped: number;
}
export type StageTable = readonly StageRow[];

export interface KernelShare {
  readonly kernel: string;
  readonly passes: number;
  readonly seconds: number;
  readonly bytes: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Results with nothing measured yet. */
export function emptyResults(root: URL): Results {
  const { version, dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    modules: { webgpu: dependencies.webgpu, "lz4-napi": dependencies["lz4-napi"] },
  };
  const date = new Date().toISOString().slice(0, 10);
  return { date, version, machine, commands: [], rates: [], kernels: [], drizzle: [], runs: [] };
}

/** A file's name for what is measured on this machine today. */
export function resultsName({ date, machine: { cpu, cores } }: Results): string {
  const slug = cpu
    .toLowerCase()
    .replace(/\(\w+\)|\bcpu\b/g, "")
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^-|-$/g, "");
  return `${date}-${slug}-${cores}-cores.json`;
}

/** Puts a figure in place of the one that answers the same question, else at the end. */
export function put<T>(list: T[], item: T, key: (item: T) => unknown): void {
  const own = JSON.stringify(key(item));
  const at = list.findIndex((other) => JSON.stringify(key(other)) === own);
  if (at < 0) list.push(item);
  else list[at] = item;
}

export const runKey = ({ suite, program, kind, scene }: RunResult | DrizzleResult): unknown => [
  suite,
  program,
  kind,
  scene,
];
export const kernelKey = ({ device, kernel, on }: KernelResult): unknown => [device, kernel, on];

let commit: string | undefined;
/** Stamp of a figure taken now. */
export function now(root: URL): Taken {
  commit ??= commitOf(root);
  return { at: new Date().toISOString().slice(0, 19) + "Z", commit };
}

function commitOf(root: URL): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno", "--", "src") ? "+" : "")
    );
  } catch {
    return "unknown";
  }
}
