import { describe, expect, test } from "vitest";
import { withoutPlaces } from "../../bench/main.js";
import { ratiosOf, warningOf } from "../../bench/measure/lines.js";
import { busyTicks, childTicks, othersShare } from "../../bench/measure/process.js";
import {
  type DrizzleResult,
  type Results,
  type RunResult,
  emptyResults,
  kernelKey,
  median,
  put,
  resultsName,
  runKey,
} from "../../bench/measure/results.js";
import { type ChromeTrace, stageTable, union, without } from "../../bench/measure/stages.js";
import { SUITES, measurements, quickMeasurements } from "../../bench/measure/suites.js";
import { covered, deviceWork, limitsOf } from "../../bench/page/limits.js";
import { newest, pageOf } from "../../bench/page/page.js";
import { keyOf } from "../../bench/scene/keep.js";
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

const TAKEN = { at: "2027-01-02T03:04:05Z", commit: "abcdef0" };
const run = (values: Partial<RunResult>): RunResult => ({
  ...TAKEN,
  suite: "whole",
  program: "romancal-webgpu",
  kind: "lavapipe",
  device: "lavapipe: llvmpipe",
  scene: SCENE,
  seconds: [9, 10, 11],
  cpuSeconds: 15,
  steps: { resample: 2 },
  residentBytes: 2e9,
  load: { before: 0.1, others: 0.01 },
  inputBytes: 1e9,
  outputBytes: 5e8,
  stages: stageTable(TRACE),
  kernels: [{ kernel: "drizzle/fill", passes: 1, seconds: 1, bytes: 1e9 }],
  ...values,
});
const romancal = run({
  program: "romancal",
  kind: undefined,
  device: undefined,
  seconds: [90],
  cpuSeconds: 90,
  steps: { resample: 20, write: 1 },
  residentBytes: 4e9,
  stages: undefined,
  kernels: undefined,
});
const drizzle = (values: Partial<DrizzleResult>): DrizzleResult => ({
  ...TAKEN,
  suite: "drizzle",
  program: "romancal-webgpu",
  kind: "lavapipe",
  device: "lavapipe: llvmpipe",
  scene: SCENE,
  load: { before: 0 },
  first: 2,
  warm: [1, 1.5, 0.9],
  stages: stageTable(TRACE)[0],
  kernels: [
    { kernel: "drizzle/pack", passes: 4, seconds: 0.5, bytes: 1 },
    { kernel: "drizzle/fill", passes: 4, seconds: 0.5, bytes: 1 },
  ],
  ...values,
});
const CORNER = { ...SCENE, layout: "corner" as const };
const HOST = {
  copy: 1e10,
  read: 2e9,
  write: 1e9,
  decode: 5e8,
  encode: 2e8,
  cores: 2,
  coresAtOnce: 1.25,
  ...TAKEN,
};
const RATES = {
  ...{ device: "llvmpipe", kind: "lavapipe", copy: 1e10, operations: 1e11, upload: 2e9, readBack: 1e9 },
  ...TAKEN,
};
const RESULTS: Results = {
  date: "2027-01-02",
  version: "0.1.0",
  machine: {
    cpu: "Intel(R) Xeon(R) CPU @ 2.60GHz",
    cores: 2,
    memoryBytes: 8e9,
    system: "linux",
    node: "v20",
    modules: { webgpu: "0.6.2" },
  },
  commands: ["--only whole"],
  host: HOST,
  rates: [RATES],
  kernels: [
    {
      ...TAKEN,
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
  drizzle: [
    drizzle({}),
    drizzle({
      program: "romancal",
      kind: undefined,
      device: undefined,
      first: undefined,
      warm: [16],
      step: 30,
    }),
    drizzle({
      ...{ suite: "tenth", scene: CORNER, warm: [0.3] },
      kernels: [{ kernel: "drizzle/pack", passes: 4, seconds: 0.06, bytes: 1 }],
    }),
  ],
  runs: [
    run({}),
    romancal,
    run({
      suite: "exposures",
      scene: { ...SCENE, exposures: 32 },
      seconds: [60],
      load: { before: 2, others: 0.4 },
    }),
    run({ suite: "exposures", scene: { ...SCENE, exposures: 1 }, seconds: [6] }),
    run({ suite: "tenth", scene: CORNER, seconds: [5] }),
    run({ suite: "tenth", scene: { ...CORNER, exposures: 1 }, seconds: [4] }),
    run({ suite: "compile, cold cache", seconds: [3] }),
  ],
};

describe("the page of results", () => {
  test("ratios are romancal's figures over ours, of the median run", () => {
    expect(ratiosOf(RESULTS)).toEqual([
      "romancal / ours on lavapipe: whole run 9.0, processor time 6.0, resample 10.0, memory 2.0",
      "drizzle alone, romancal's C calls / ours on lavapipe: warm 16.0, first touch 8.0",
    ]);
    const other = run({ scene: { ...SCENE, seed: 2 } });
    const nothing = { ...RESULTS, drizzle: [] };
    expect(ratiosOf({ ...nothing, runs: [other, romancal] })).toEqual([]);
    expect(ratiosOf({ ...nothing, runs: [run({ failed: "no device", seconds: [] }), romancal] })).toEqual([]);
  });

  test("tables and plots", () => {
    const plots = new Map<string, string>();
    const page = pageOf([RESULTS], ["one.json"], plots);
    expect(page).toContain(
      "| whole run of the case, romancal / ours, lavapipe | 8, aim at 15 | 9.0 (90 s / 10.0 s) |",
    );
    expect(page).toContain("| whole run of the case, romancal / ours, swiftshader | 2.5 | not measured |");
    expect(page).toContain("| 0.5 | lavapipe 0.50 (2.00 GB of 4.00 GB) |");
    expect(page).toContain("| 15 | 16.0 (16.0 s / 1.00 s); 8.0 at first touch | yes |");
    expect(page).toContain(
      "| about 0.1 | kernels that drizzle 0.12; drizzle alone 0.30; whole run 0.50; each further exposure of a run 0.25 | no |",
    );
    expect(page).toContain("| 2.00 GB; 1.88 s an exposure, 2.50 s at four |");
    expect(page).toContain("40 % (!)");
    expect(page).toContain("No GPU has been measured yet");
    expect(page).toContain("| llvmpipe | flux/scale | f32 plane | 1000 | 8.0 | 50 % | device |");
    expect(page).toContain("### What the machine could do: the case on lavapipe");
    expect([...plots.keys()]).toEqual(["one-exposures.svg", "one-stages-lavapipe.svg"]);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
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

  test("of each machine the newest results count", () => {
    const names = ["2027-01-01-a.json", "2027-01-02-b.json", "2027-01-03-a.json"];
    const all = names.map((date) => ({ ...RESULTS, date }));
    expect(newest(all, names)).toEqual([[all[1], all[2]], names.slice(1)]);
  });
});

describe("what is measured", () => {
  test("the scenes in full are those that the targets ask for", () => {
    const told = measurements(SUITES).map(
      ({ suite, scene, deed }) => `${suite}: ${deed}, ${scene.exposures}, ${scene.mosaic}, ${scene.sources}`,
    );
    for (const wanted of [
      "whole: run, 4, 5000, 5000",
      "drizzle: drizzle, 4, 5000, 5000",
      "exposures: run, 32, 5000, 5000",
      "sources: run, 4, 5000, 100000",
      "mosaics: run, 4, 20000, 5000",
      "covered: run, 9, 20000, 5000",
      "tenth: run, 4, 5000, 5000",
      "tenth: run, 1, 5000, 5000",
      "tenth: drizzle, 4, 5000, 5000",
    ])
      expect(told).toContain(wanted);
    expect(measurements(["many"])).toHaveLength(1);
    expect(quickMeasurements().every(({ scene }) => scene.size < 1000)).toBe(true);
  });

  test("scenes share files where their exposures are the same", () => {
    expect(keyOf({ ...SCENE, exposures: 32 })).toBe(keyOf(SCENE));
    expect(keyOf({ ...SCENE, seed: 2 })).not.toBe(keyOf(SCENE));
    const grid = { ...SCENE, layout: "grid" as const };
    expect(keyOf({ ...grid, exposures: 9 })).not.toBe(keyOf(grid));
  });

  test("a figure takes the place of the one before it", () => {
    const runs = [run({}), romancal];
    put(runs, run({ seconds: [1] }), runKey);
    put(runs, run({ kind: "swiftshader" }), runKey);
    expect(runs.map(({ seconds }) => median(seconds))).toEqual([1, 90, 10]);
    const kernels = [...RESULTS.kernels];
    put(kernels, { ...kernels[0], share: 1 }, kernelKey);
    expect(kernels.map(({ share }) => share)).toEqual([1]);
  });

  test("results of a day and a machine have one name", () => {
    expect(resultsName(RESULTS)).toBe("2027-01-02-intel-xeon-2.60ghz-2-cores.json");
    const { date, runs } = emptyResults(new URL("../../", import.meta.url));
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(runs).toEqual([]);
  });

  test("folders of this machine are not written down", () => {
    const words = ["--only", "whole", "--scratch=/a/b", "--romancal", "/c/python", "--romancal=none"];
    expect(withoutPlaces(words)).toEqual([
      "--only",
      "whole",
      "--scratch=PATH",
      "--romancal",
      "PATH",
      "--romancal=none",
    ]);
  });
});

describe("the machine", () => {
  test("busy time is all but idle and waiting", () => {
    expect(busyTicks("cpu  10 1 20 700 30 2 3 4 0 0\ncpu0 1 1 1 1")).toBe(40);
  });

  test("a child's time is found behind a name with blanks and brackets", () => {
    const rest = ["S", ...Array.from({ length: 12 }, (_, i) => String(i)), "150", "50", "20"];
    expect(childTicks(`12 (a (b) c) ${rest.join(" ")}`)).toBe(200);
  });

  test("others' share is what is busy beside us", () => {
    expect(othersShare(15, 10, 10, 2)).toBeCloseTo(0.25, 12);
    expect(othersShare(9, 10, 10, 2)).toBe(0);
    expect(othersShare(undefined, 10, 10, 2)).toBeUndefined();
    expect(warningOf(run({ load: { before: 0, others: 0.5 } }))).toContain("50 %");
    expect(warningOf(run({ load: { before: 0 } }))).toBeUndefined();
  });
});

describe("limits", () => {
  test("an exposure covers four output pixels an input pixel, at most the mosaic", () => {
    expect(covered(SCENE)).toBe(5000 ** 2);
    expect(covered({ ...SCENE, mosaic: 20_000 })).toBeCloseTo(4 * 4088 ** 2, 3);
    expect(covered(CORNER)).toBeCloseTo(2.5e6, 6);
  });

  test("bytes: each plane once", () => {
    const bytes = Object.fromEntries(deviceWork(SCENE).map(({ step, bytes: own }) => [step, own]));
    const [all, mosaic] = [4 * 4088 ** 2, 5000 ** 2];
    expect(bytes.skymatch).toBe(8 * all);
    // a quarter of an output pixel's worth of each exposure's planes, six planes of the mosaic
    expect(bytes.resample).toBeCloseTo(12 * mosaic + 24 * mosaic, 0);
    const many = deviceWork({ ...SCENE, exposures: 33 }).find(({ step }) => step === "resample");
    expect(many?.bytes).toBeCloseTo((12 * 33 * mosaic) / 4 + 28 * mosaic, 0);
  });

  test("seconds: the longer of bytes over bandwidth and operations over the peak", () => {
    const limits = limitsOf(run({}), RATES, HOST);
    for (const { byBytes, byOperations, seconds } of limits)
      expect(seconds).toBe(Math.max(byBytes, byOperations));
    const read = limits.find(({ step }) => step === "read");
    expect(read).toMatchObject({ seconds: 0.5, measured: 4 });
    const resample = limits.find(({ step }) => step === "resample");
    expect(resample).toMatchObject({ measured: 2, kernels: 1 });
  });
});
