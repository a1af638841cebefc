import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import type { SceneOptions } from "../scene/scene.js";

/** One bench's results, as they lie in bench/results. Seconds, bytes. */
export interface Results {
  readonly date: string;
  readonly version: string;
  /** Commit of the working tree; "+" where files were changed. */
  readonly commit: string;
  readonly machine: Machine;
  /** How it was called, places left out. */
  readonly words: readonly string[];
  readonly kernels: KernelResult[];
  readonly runs: RunResult[];
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

export interface RunResult {
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
  readonly residentBytes?: number;
  readonly deviceBytes?: number;
  readonly inputBytes: number;
  readonly outputBytes?: number;
  /** Where the seconds of a profiled run went; not the runs that `seconds` are of. */
  readonly stages?: StageTable;
  readonly kernels?: readonly KernelShare[];
  /** Seconds of drizzle alone: ours with tables, transfers and read-back; romancal's in its C function. */
  readonly drizzleSeconds?: number;
  /** Why there are no seconds. */
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
export function emptyResults(root: URL, words: readonly string[]): Results {
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
  const date = new Date().toISOString();
  return { date, version, commit: commitOf(root), machine, words, kernels: [], runs: [] };
}

function commitOf(root: URL): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") ? "+" : "");
  } catch {
    return "unknown";
  }
}
