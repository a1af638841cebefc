import { appendFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

/** A folder where comparisons with romancal leave what they measured, for docs/parity.md (`npm run docs:parity`). */
const FOLDER = process.env.ROMANCAL_WEBGPU_PARITY;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How far values are from romancal's. */
export interface Measured {
  /** What was compared: "data", "weight, variances". */
  readonly what: string;
  /** What one stands for: "sigma", "pixel", "relative". */
  readonly unit: string;
  /** The most that a value may be off. */
  readonly limit: number;
  readonly count: number;
  readonly beyond: number;
  readonly worst: number;
  /** 99th and 99.99th percentiles of the differences. */
  readonly p99: number;
  readonly p9999: number;
}

export type Subject =
  | { readonly kind: "column" | "plane" | "meta"; readonly name: string; readonly case: string }
  | {
      readonly kind: "option";
      readonly step: string;
      readonly options: Readonly<Record<string, unknown>>;
      readonly case: string;
    };

export function measure(what: string, unit: string, limit: number, differences: ArrayLike<number>): Measured {
  const sorted = Float64Array.from(differences).sort(); // NaN last: the worst
  const at = (fraction: number): number =>
    sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] : 0;
  const beyond = sorted.reduce((bad, value) => bad + Number(!(value <= limit)), 0);
  return { what, unit, limit, count: sorted.length, beyond, worst: at(1), p99: at(0.99), p9999: at(0.9999) };
}

/** Leaves figures of the running test where they are asked for. */
export function record(subject: Subject, measures: readonly Measured[]): void {
  if (!FOLDER) return;
  const { testPath, currentTestName } = expect.getState();
  const test = { file: relative(ROOT, testPath ?? ""), title: currentTestName ?? "" };
  // JSON has neither infinity nor NaN
  const text = JSON.stringify({ ...subject, measures, test }, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  appendFileSync(join(FOLDER, `${process.pid}.jsonl`), `${text}\n`);
}
