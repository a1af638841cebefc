import { describe, expect, test } from "vitest";
import { ratiosOf } from "../../bench/measure/bench.js";
import type { Results, RunResult } from "../../bench/measure/results.js";
import { type ChromeTrace, stageTable, union, without } from "../../bench/measure/stages.js";
import { fullScenes, SUITES } from "../../bench/measure/suites.js";
import { pageOf } from "../../bench/page/page.js";
import { SCENE } from "../../bench/scene/scene.js";

const span = (cat: string, name: string, ts: number, dur: number): ChromeTrace["traceEvents"][number] => ({
  name,
  cat,
  ph: "X",
  ts: ts * 1e6,
  dur: dur * 1e6,
});

// seconds: reading 0-4 beside decoding 2-5; a wait 5-8 of which a kernel takes 6-7; a step of 10 s, then one in which nothing is booked
const TRACE: ChromeTrace = {
  otherData: { kernels: [] },
  traceEvents: [
    span("step", "resample", 0, 10),
    span("step", "write", 10, 2),
    span("read", "read", 0, 3),
    span("read", "read", 1, 3),
    span("decode", "decode", 2, 3),
    span("wait", "mosaic", 5, 3),
    span("pass", "drizzle/fill", 6, 1),
    { ...span("M", "thread_name", 0, 0), ph: "M" },
  ],
};

describe("where the seconds go", () => {
  test("stages count what runs side by side once; waiting is no read-back while a kernel runs", () => {
    const [resample, write] = stageTable(TRACE);
    expect(resample).toMatchObject({ step: "resample", seconds: 10, other: 2, overlapped: 2 });
    expect(resample.stages).toMatchObject({ read: 4, decode: 3, kernel: 1, "read-back": 2, write: 0 });
    expect(write).toMatchObject({ step: "write", seconds: 2, other: 2, overlapped: 0 });
  });

  test("a span across two steps is shared out", () => {
    const traceEvents = [span("step", "a", 0, 1), span("step", "b", 1, 1), span("encode", "encode", 0.5, 1)];
    const rows = stageTable({ traceEvents, otherData: { kernels: [] } });
    expect(rows.map(({ stages }) => stages.encode)).toEqual([0.5, 0.5]);
  });

  test("intervals", () => {
    const merged = union([
      [5, 6],
      [0, 2],
      [1, 3],
      [3, 4],
    ]);
    expect(merged).toEqual([
      [0, 4],
      [5, 6],
    ]);
    const left = without(merged, [
      [1, 2],
      [3, 5.5],
    ]);
    expect(left).toEqual([
      [0, 1],
      [2, 3],
      [5.5, 6],
    ]);
    expect(without([[0, 1]], [])).toEqual([[0, 1]]);
    expect(without([[0, 1]], [[0, 1]])).toEqual([]);
  });
});

const run = (values: Partial<RunResult>): RunResult => ({
  suite: "case",
  program: "romancal-webgpu",
  kind: "lavapipe",
  device: "lavapipe: llvmpipe",
  scene: SCENE,
  seconds: [9, 10, 11],
  steps: { resample: 2 },
  residentBytes: 2e9,
  drizzleSeconds: 1,
  inputBytes: 1,
  stages: stageTable(TRACE),
  kernels: [{ kernel: "drizzle/fill", passes: 1, seconds: 1, bytes: 1e9 }],
  ...values,
});
const romancal = run({
  program: "romancal",
  kind: undefined,
  device: undefined,
  seconds: [90],
  steps: { resample: 20, write: 1 },
  residentBytes: 4e9,
  drizzleSeconds: 16,
  stages: undefined,
  kernels: undefined,
});
const RESULTS: Results = {
  date: "2027-01-02T03:04:05.000Z",
  version: "0.1.0",
  commit: "abcdef0",
  machine: {
    cpu: "CPU",
    cores: 2,
    memoryBytes: 8e9,
    system: "linux",
    node: "v20",
    modules: { webgpu: "0.6.2" },
  },
  words: ["--only", "case"],
  kernels: [
    {
      device: "llvmpipe",
      kernel: "flux/scale",
      on: "f32 plane",
      pixels: 1e6,
      bytes: 8e6,
      seconds: 0.001,
      timestamps: true,
      share: 0.5,
    },
  ],
  runs: [run({}), romancal, run({ suite: "exposures", scene: { ...SCENE, exposures: 32 }, seconds: [60] })],
};

describe("the page of results", () => {
  test("ratios are romancal's figures over ours, of the median run", () => {
    expect(ratiosOf(RESULTS)).toEqual([
      "romancal / ours on lavapipe: whole run 9.0, resample 10.0, drizzle over its C function 16.0, memory 2.0",
    ]);
    const other = run({ scene: { ...SCENE, seed: 2 } });
    expect(ratiosOf({ ...RESULTS, runs: [other, romancal] })).toEqual([]);
    expect(ratiosOf({ ...RESULTS, runs: [run({ failed: "no device", seconds: [] }), romancal] })).toEqual([]);
  });

  test("tables and plots", () => {
    const plots = new Map<string, string>();
    const page = pageOf([RESULTS], ["one.json"], plots);
    expect(page).toContain("| whole run of the case, romancal / ours, lavapipe | 8, aim at 15 | 9.0 |");
    expect(page).toContain("| whole run of the case, romancal / ours, swiftshader | 2.5 | not measured |");
    expect(page).toContain(
      "| peak resident memory of the case, ours / romancal's, software driver | 0.5 | 0.50 (2.00 GB) |",
    );
    expect(page).toContain("| llvmpipe | flux/scale | f32 plane | 1000 | 8.0 | 50 % | device |");
    expect([...plots.keys()]).toEqual(["one-exposures.svg", "one-stages-lavapipe.svg"]);
    for (const [name, svg] of plots) {
      expect(page).toContain(`(performance/${name})`);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      expect(svg.match(/<(rect|polyline)/g)?.length).toBeGreaterThan(0);
    }
  });

  test("with no results it says so", () => {
    const plots = new Map<string, string>();
    expect(pageOf([], [], plots)).toContain("Nothing has been measured yet.");
    expect(plots.size).toBe(0);
  });

  test("the scenes in full are those that the targets ask for", () => {
    const scenes = fullScenes(SUITES);
    const runs = scenes.flatMap(({ scene, runs: wanted }) =>
      wanted.map(({ suite, exposures }) => `${suite}: ${exposures}, ${scene.mosaic}, ${scene.sources}`),
    );
    for (const wanted of [
      "case: 4, 5000, 5000",
      "exposures: 32, 5000, 5000",
      "sources: 4, 5000, 100000",
      "mosaics, four exposures: 4, 20000, 5000",
      "mosaics, covered: 9, 20000, 5000",
      "tenth: 4, 5000, 5000",
    ])
      expect(runs).toContain(wanted);
    expect(fullScenes(["tenth"])).toHaveLength(1);
  });
});
