import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEVICE, REFERENCES, cli, filesIn, fixture, scratch } from "../helpers/cli.js";

interface Event {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly bytes?: number };
}
interface ChromeTrace {
  readonly traceEvents: readonly Event[];
  readonly otherData: {
    readonly device: string;
    readonly residentBytes: number;
    readonly seconds: Readonly<Record<string, number>>;
    readonly kernels: readonly { kernel: string; passes: number; seconds: number; bytes: number }[];
  };
}

const STEPS = ["flux", "skymatch", "outlier_detection", "resample", "source_catalog", "write"];

let folder = "";
let trace: ChromeTrace;
let report: Record<string, unknown>;
let printed = "";
beforeAll(async () => {
  folder = await scratch();
  const { code, out, err } = await cli(
    ...["roman_mos", fixture("bundled/L3_asn.json"), DEVICE, ...REFERENCES, `--output_dir=${folder}`],
    ...[`--profile=${join(folder, "trace.json")}`, `--report=${join(folder, "report.json")}`],
  );
  expect(err).not.toMatch(/fault/);
  expect(code).toBe(0);
  printed = out;
  trace = JSON.parse(await readFile(join(folder, "trace.json"), "utf8")) as ChromeTrace;
  report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Record<string, unknown>;
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const spans = (category?: string): Event[] =>
  trace.traceEvents.filter(({ ph, cat }) => ph === "X" && (category === undefined || cat === category));

describe("--profile", () => {
  test("every step is there, in order, and holds its stages", () => {
    expect(spans("step").map(({ name }) => name)).toEqual(STEPS);
    const within = (name: string): Event => spans("step").find((step) => step.name === name) as Event;
    const nested = spans("stage").filter(({ name }) => name === "drizzle");
    expect(nested.length).toBeGreaterThan(0);
    const { ts, dur } = within("resample");
    expect(nested.some((stage) => stage.ts >= ts && stage.ts + stage.dur <= ts + dur)).toBe(true);
  });

  test("spans of one row nest: none lies across another's end", () => {
    const rows = new Map<string, Event[]>();
    for (const span of spans()) {
      const key = `${span.pid} ${span.tid}`;
      rows.set(key, [...(rows.get(key) ?? []), span]);
    }
    const rounding = 1e-6; // microseconds: ends are sums of two doubles
    for (const row of rows.values()) {
      const open: number[] = [];
      for (const { ts, dur } of row) {
        while (open.length && open[open.length - 1] <= ts + rounding) open.pop();
        if (open.length) expect(ts + dur).toBeLessThanOrEqual(open[open.length - 1] + rounding);
        open.push(ts + dur);
      }
    }
  });

  test("what goes to the device and to files is counted in bytes", () => {
    const bytes = (category: string): number =>
      spans(category).reduce((sum, { args }) => sum + (args?.bytes ?? 0), 0);
    // four exposures of 400 x 400: data and dq 4 bytes, err and two variances 2 bytes
    expect(bytes("upload")).toBeGreaterThanOrEqual(4 * 400 * 400 * 14);
    // the mosaic of 600 x 600: at least data, err, weight and context
    expect(bytes("read-back")).toBeGreaterThanOrEqual(600 * 600 * 16);
    for (const category of ["read", "decode", "encode", "write"]) expect(bytes(category)).toBeGreaterThan(0);
    const files = (report.files as { path: string; bytes: number }[]).filter(({ path }) =>
      path.endsWith(".asdf"),
    );
    const written = files.reduce((sum, { bytes: size }) => sum + size, 0);
    expect(bytes("write")).toBeGreaterThanOrEqual(written);
  });

  test("passes lie in the run where the device times them, and add up to the kernels' totals", () => {
    const { kernels } = trace.otherData;
    const passes = spans("pass");
    expect(kernels.reduce((sum, { passes: count }) => sum + count, 0)).toBe(passes.length);
    const end = Math.max(...spans().map(({ ts, dur }) => ts + dur));
    for (const { ts, dur } of passes) {
      expect(ts).toBeGreaterThan(0);
      expect(ts + dur).toBeLessThanOrEqual(end);
      expect(dur).toBeGreaterThanOrEqual(0);
    }
    for (const { seconds, bytes } of kernels) {
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(bytes).toBeGreaterThan(0);
    }
  });

  test("the summary and the report tell the peak of the process's memory", () => {
    expect(printed).toMatch(/peak memory +[\d.]+ [kMG]?B on the device, [\d.]+ [MG]B process/);
    expect(report.residentBytes).toBeGreaterThan(50e6); // node alone
    expect(Object.keys(report.steps as object)).toEqual(STEPS);
    expect(report.totalSeconds).toBeGreaterThan(0);
    expect(report).toMatchObject({
      sources: expect.any(Number) as number,
      cores: expect.any(Number) as number,
    });
  });

  test("a place that cannot be written to is told in one line", async () => {
    const { code, err } = await cli(
      ...["flux", fixture("bundled/L3_asn.json"), DEVICE, "--save_results=false"],
      `--profile=${join(folder, "missing/trace.json")}`,
    );
    expect(code).toBe(1);
    expect(err).toMatch(/--profile=.*missing\/trace\.json: cannot be written/);
    expect(await filesIn(join(folder, "missing"))).toEqual([]);
  });
});
