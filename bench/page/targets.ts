import { SCENE } from "../scene/scene.js";
import { type Results, type RunResult, median } from "../measure/results.js";
import { table } from "./table.js";

const REFERENCE = "bench/copy";

/** What the engine must reach, and what the newest results that tell say of it. */
export function issueTable(all: readonly Results[]): string {
  const rows = [
    ...["lavapipe", "swiftshader"].map((kind) => whole(all, kind)),
    drizzle(all),
    gpuCase(all),
    gpuDevice(all),
    gpuKernels(all),
    gpuMany(all),
    memory(all),
    manyExposures(all),
    tenth(all),
    mosaics(all),
  ];
  return table(["what", "target", "measured"], rows);
}

type Row = [what: string, target: string, measured: string];
const NOTHING = "not measured";

const seconds = (run: RunResult | undefined): number | undefined =>
  run && run.seconds.length ? median(run.seconds) : undefined;

/** The newest run that is wanted. */
function find(all: readonly Results[], wanted: (run: RunResult) => boolean): RunResult | undefined {
  for (const { runs } of [...all].reverse()) {
    const run = runs.find((one) => one.failed === undefined && wanted(one));
    if (run) return run;
  }
  return undefined;
}

/** Our run and romancal's of the case, of one set of results. */
function pair(all: readonly Results[], kind: string): [ours: RunResult, romancal: RunResult] | undefined {
  for (const results of [...all].reverse()) {
    const romancal = find([results], (run) => run.program === "romancal" && isFull(run));
    const ours = find([results], (run) => isCase(run) && kindOf(run) === kind);
    if (ours && romancal) return [ours, romancal];
  }
  return undefined;
}

/** Whether a run is one of the case itself: quick benches make smaller ones. */
const isFull = ({ suite, scene }: RunResult): boolean =>
  suite === "case" && JSON.stringify(scene) === JSON.stringify(SCENE);
const isCase = (run: RunResult): boolean => run.program === "romancal-webgpu" && isFull(run);
const kindOf = ({ device }: RunResult): string => (device ?? "").split(":")[0];
const ratio = (value: number | undefined): string => (value === undefined ? NOTHING : value.toFixed(1));

function whole(all: readonly Results[], kind: string): Row {
  const found = pair(all, kind);
  const target = kind === "lavapipe" ? "8, aim at 15" : "2.5";
  return [
    `whole run of the case, romancal / ours, ${kind}`,
    target,
    ratio(found && (seconds(found[1]) as number) / (seconds(found[0]) as number)),
  ];
}

function drizzle(all: readonly Results[]): Row {
  const found = pair(all, "lavapipe");
  const [ours, romancal] = [found?.[0].drizzleSeconds, found?.[1].drizzleSeconds];
  return [
    "drizzle alone, romancal's C function / ours, lavapipe",
    "15",
    ratio(ours && romancal && romancal / ours),
  ];
}

function gpuCase(all: readonly Results[]): Row {
  const taken = seconds(find(all, (run) => isCase(run) && kindOf(run) === "hardware"));
  return [
    "the case on a GPU, files to files",
    "4 s",
    taken === undefined ? NOTHING : `${taken.toFixed(2)} s`,
  ];
}

function gpuDevice(all: readonly Results[]): Row {
  const stages = find(all, (run) => isCase(run) && kindOf(run) === "hardware")?.stages;
  const names = ["upload", "kernel", "read-back"] as const;
  const sum = stages?.reduce(
    (total, row) => total + names.reduce((part, name) => part + row.stages[name], 0),
    0,
  );
  return ["… of which transfers and kernels", "0.3 s", sum === undefined ? NOTHING : `${sum.toFixed(2)} s`];
}

function gpuKernels(all: readonly Results[]): Row {
  const results = [...all].reverse().find(({ runs }) => runs.some((run) => kindOf(run) === "hardware"));
  const shares = (results?.kernels ?? []).filter(({ kernel }) => kernel !== REFERENCE);
  if (shares.length === 0) return ["kernels that move data, share of a copy's bandwidth", "50 %", NOTHING];
  const enough = shares.filter(({ share }) => share >= 0.5).length;
  return [
    "kernels that move data, share of a copy's bandwidth",
    "50 %",
    `${enough} of ${shares.length} reach it; least ${(100 * Math.min(...shares.map(({ share }) => share))).toFixed(0)} %`,
  ];
}

function gpuMany(all: readonly Results[]): Row {
  const run = find(
    all,
    (one) => one.suite === "exposures" && one.scene.exposures === 32 && kindOf(one) === "hardware",
  );
  const taken = seconds(run);
  return ["32 exposures on a GPU", "15 s", taken === undefined ? NOTHING : `${taken.toFixed(2)} s`];
}

function memory(all: readonly Results[]): Row {
  const found = pair(all, "lavapipe") ?? pair(all, "swiftshader");
  const [ours, theirs] = [found?.[0].residentBytes, found?.[1].residentBytes];
  const share = ours && theirs ? `${(ours / theirs).toFixed(2)} (${(ours / 1e9).toFixed(2)} GB)` : NOTHING;
  return ["peak resident memory of the case, ours / romancal's, software driver", "0.5", share];
}

function manyExposures(all: readonly Results[]): Row {
  const of = (count: number): RunResult | undefined =>
    find(
      all,
      (run) => run.suite === "exposures" && run.scene.exposures === count && kindOf(run) !== "hardware",
    );
  const [four, many] = [of(4), of(32)];
  const [few, long] = [seconds(four), seconds(many)];
  const told =
    few === undefined || long === undefined
      ? NOTHING
      : `${((many?.residentBytes ?? 0) / 1e9).toFixed(2)} GB; ${(long / 32).toFixed(2)} s an exposure, ${(few / 4).toFixed(2)} s at four`;
  return ["32 exposures in one sky cell, software driver", "6 GB; an exposure as at four", told];
}

function tenth(all: readonly Results[]): Row {
  const stepsOf = (run: RunResult | undefined): number | undefined => run?.drizzleSeconds;
  const part = find(all, ({ suite, program }) => suite === "tenth" && program === "romancal-webgpu");
  const all_ = part && find(all, (run) => isCase(run) && run.device === part.device);
  const [few, full] = [stepsOf(part), stepsOf(all_)];
  return [
    "exposures that touch a tenth of the sky cell: drizzle, of what whole ones take",
    "about 0.1",
    few === undefined || full === undefined ? NOTHING : (few / full).toFixed(2),
  ];
}

function mosaics(all: readonly Results[]): Row {
  const told = ["mosaics, four exposures", "mosaics, covered"].map((suite) => {
    const run = find(all, (one) => one.suite === suite && one.scene.mosaic === 20_000);
    return run
      ? `${(seconds(run) as number).toFixed(0)} s, ${((run.residentBytes ?? 0) / 1e9).toFixed(2)} GB`
      : NOTHING;
  });
  return [
    "mosaic of 20 000 x 20 000, sparse; covered",
    "memory of 5000 x 5000 and what the products need",
    told.join("; "),
  ];
}
