import { SCENE } from "../scene/scene.js";
import { type DrizzleResult, type Results, type RunResult, median } from "../measure/results.js";
import { mosaicBytes } from "./limits.js";
import { table } from "./table.js";

const REFERENCE = "bench/copy";
const BENCH = "npm run bench --";
const SOFTWARE = "lavapipe";
const NOTHING = "not measured";

/** What the engine must reach, what the newest results that tell say of it, and how to measure it again. */
export function issueTable(all: readonly Results[]): string {
  const rows = [
    whole(all, "lavapipe", "8, aim at 15", 8),
    whole(all, "swiftshader", "2.5", 2.5),
    drizzle(all),
    ...gpu(all),
    memory(all),
    manyExposures(all),
    tenth(all),
    mosaic(all, "mosaics", "four exposures", "sparse"),
    mosaic(all, "covered", "nine exposures over all of it", "covered"),
  ];
  return table(
    ["what", "wanted", "measured", "reached", "command"],
    rows.map(([what, wanted, measured, words, reached]) => [
      ...[what, wanted, measured, reached === undefined ? "" : reached ? "yes" : "no"],
      `\`${BENCH} ${words}\``,
    ]),
  );
}

type Row = [what: string, wanted: string, measured: string, words: string, reached?: boolean];

const seconds = (run: RunResult | undefined): number | undefined =>
  run && run.seconds.length ? median(run.seconds) : undefined;
const giga = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e9).toFixed(2)} GB`;
const kindOf = ({ device }: RunResult | DrizzleResult): string => (device ?? "").split(":")[0];

/** Whether a figure is one of the case itself: quick benches make smaller ones. */
const isCase = ({ scene }: RunResult | DrizzleResult): boolean =>
  JSON.stringify(scene) === JSON.stringify(SCENE);
const isOurs = ({ program, failed }: RunResult | DrizzleResult): boolean =>
  program === "romancal-webgpu" && failed === undefined;

/** The newest run that is wanted. */
function find(all: readonly Results[], wanted: (run: RunResult) => boolean): RunResult | undefined {
  return [...all]
    .reverse()
    .flatMap(({ runs }) => runs.filter((run) => run.failed === undefined && wanted(run)))[0];
}

const caseOf = (all: readonly Results[], kind: string): RunResult | undefined =>
  find(all, (run) => run.suite === "whole" && isOurs(run) && isCase(run) && kindOf(run) === kind);

/** Our run and romancal's of the case, of one set of results. */
function pair(all: readonly Results[], kind: string): [ours: RunResult, romancal: RunResult] | undefined {
  for (const results of [...all].reverse()) {
    const romancal = find(
      [results],
      (run) => run.program === "romancal" && run.suite === "whole" && isCase(run),
    );
    const ours = caseOf([results], kind);
    if (ours && romancal) return [ours, romancal];
  }
  return undefined;
}

function whole(all: readonly Results[], kind: string, wanted: string, least: number): Row {
  const found = pair(all, kind);
  const [ours, theirs] = [seconds(found?.[0]), seconds(found?.[1])];
  const told =
    ours === undefined || theirs === undefined
      ? NOTHING
      : `${(theirs / ours).toFixed(1)} (${theirs.toFixed(0)} s / ${ours.toFixed(1)} s)`;
  return [
    `whole run of the case, romancal / ours, ${kind}`,
    wanted,
    told,
    `--only whole --device ${kind} --romancal PYTHON`,
    ours !== undefined && theirs !== undefined ? theirs / ours >= least : undefined,
  ];
}

function drizzle(all: readonly Results[]): Row {
  const row: [string, string] = ["drizzle alone, romancal's C calls / ours, lavapipe", "15"];
  const words = `--only drizzle --device ${SOFTWARE} --romancal PYTHON`;
  for (const results of [...all].reverse()) {
    const wanted = results.drizzle.filter((one) => one.suite === "drizzle" && isCase(one) && !one.failed);
    const ours = wanted.find((one) => isOurs(one) && kindOf(one) === SOFTWARE);
    const theirs = wanted.find(({ program }) => program === "romancal");
    if (!ours || !theirs || ours.first === undefined) continue;
    const [warm, c] = [median(ours.warm), median(theirs.warm)];
    const told = `${(c / warm).toFixed(1)} (${c.toFixed(1)} s / ${warm.toFixed(2)} s); ${(c / ours.first).toFixed(1)} at first touch`;
    return [...row, told, words, c / warm >= 15];
  }
  return [...row, NOTHING, words];
}

const within = (value: number | undefined, most: number): boolean | undefined =>
  value === undefined ? undefined : value <= most;

function gpu(all: readonly Results[]): Row[] {
  const run = caseOf(all, "hardware");
  const [taken, stages] = [seconds(run), run?.stages];
  const moved = stages?.reduce(
    (total, { stages: parts }) => total + parts.upload + parts.kernel + parts["read-back"],
    0,
  );
  const results = [...all].reverse().find(({ rates }) => rates.some(({ kind }) => kind === "hardware"));
  const device = results?.rates.find(({ kind }) => kind === "hardware")?.device;
  const shares = (results?.kernels ?? []).filter((one) => one.kernel !== REFERENCE && one.device === device);
  const enough = shares.filter(({ share }) => share >= 0.5).length;
  const least = Math.min(...shares.map(({ share }) => share));
  const many = seconds(
    find(all, (one) => isOurs(one) && one.scene.exposures === 32 && kindOf(one) === "hardware"),
  );
  const told = (value: number | undefined): string =>
    value === undefined ? NOTHING : `${value.toFixed(2)} s`;
  return [
    ["the case on a GPU, files to files", "4 s", told(taken), "--gpu --only whole", within(taken, 4)],
    ["… of which transfers and kernels", "0.3 s", told(moved), "--gpu --only whole", within(moved, 0.3)],
    [
      "kernels that move data on a GPU, share of a copy's bandwidth",
      "50 %",
      shares.length ? `${enough} of ${shares.length} reach it; least ${(100 * least).toFixed(0)} %` : NOTHING,
      "--gpu --only kernels",
      shares.length ? least >= 0.5 : undefined,
    ],
    ["32 exposures on a GPU", "15 s", told(many), "--gpu --only many", within(many, 15)],
  ];
}

function memory(all: readonly Results[]): Row {
  const pairs = ["lavapipe", "swiftshader"].flatMap((kind) => {
    const [ours, theirs] = pair(all, kind)?.map(({ residentBytes }) => residentBytes) ?? [];
    return ours && theirs ? [{ kind, ours, theirs, share: ours / theirs }] : [];
  });
  const told = pairs.map(
    ({ kind, ours, theirs, share }) => `${kind} ${share.toFixed(2)} (${giga(ours)} of ${giga(theirs)})`,
  );
  return [
    "peak resident memory of the case, ours / romancal's, driver included",
    "0.5",
    told.join("; ") || NOTHING,
    "--only whole --device lavapipe swiftshader --romancal PYTHON",
    pairs.length ? pairs.every(({ share }) => share <= 0.5) : undefined,
  ];
}

function manyExposures(all: readonly Results[]): Row {
  const many = find(all, (run) => isOurs(run) && run.scene.exposures === 32 && kindOf(run) !== "hardware");
  const four = many && caseOf(all, kindOf(many));
  const [few, long] = [seconds(four), seconds(many)];
  const told =
    long === undefined
      ? NOTHING
      : `${giga(many?.residentBytes)}; ${(long / 32).toFixed(2)} s an exposure` +
        (few === undefined ? "" : `, ${(few / 4).toFixed(2)} s at four`);
  return [
    "32 exposures in one sky cell, software driver",
    "6 GB; an exposure as at four",
    told,
    `--only many,whole --device ${SOFTWARE}`,
    many && long !== undefined && few !== undefined
      ? (many.residentBytes ?? 0) <= 6e9 && long / 32 <= few / 4
      : undefined,
  ];
}

/** Seconds of the kernels that work exposure by exposure. */
function perExposure({ kernels = [] }: DrizzleResult): number {
  const own = kernels.filter(({ kernel }) => /^drizzle\/(pack|fast|general|spread)/.test(kernel));
  return own.reduce((sum, one) => sum + one.seconds, 0);
}

/** Of our run of a suite's scene with so many exposures. */
function secondsOf(
  results: Results,
  suite: string,
  exposures: number,
  kind: RunResult["kind"],
): number | undefined {
  const asked = (run: RunResult): boolean => run.suite === suite && run.scene.exposures === exposures;
  return seconds(find([results], (run) => asked(run) && isOurs(run) && run.kind === kind));
}

function tenth(all: readonly Results[]): Row {
  const row: [string, string] = [
    "exposures that touch a tenth of the sky cell, of what whole ones take",
    "about 0.1",
  ];
  const words = `--only whole,drizzle,tenth,exposures --device ${SOFTWARE}`;
  for (const results of [...all].reverse())
    for (const part of results.drizzle.filter((one) => one.suite === "tenth" && isOurs(one))) {
      const full = results.drizzle.find(
        (one) => one.suite === "drizzle" && isOurs(one) && isCase(one) && one.kind === part.kind,
      );
      if (!full) continue;
      const alone = median(part.warm) / median(full.warm);
      const ratios = [`drizzle alone ${alone.toFixed(2)}`];
      const kernels = perExposure(part) / perExposure(full);
      if (Number.isFinite(kernels)) ratios.unshift(`kernels that drizzle ${kernels.toFixed(2)}`);
      const took = (suite: string, exposures: number): number | undefined =>
        secondsOf(results, suite, exposures, part.kind);
      const [run, whole] = [took("tenth", 4), seconds(caseOf([results], kindOf(part)))];
      if (run && whole) ratios.push(`whole run ${(run / whole).toFixed(2)}`);
      const [first, wholeFirst] = [took("tenth", 1), took("exposures", 1)];
      if (run && whole && first && wholeFirst)
        ratios.push(`each further exposure of a run ${((run - first) / (whole - wholeFirst)).toFixed(2)}`);
      return [...row, ratios.join("; "), words, within(alone, 0.15)];
    }
  return [...row, NOTHING, words];
}

function mosaic(all: readonly Results[], suite: string, what: string, only: string): Row {
  const run = find(all, (one) => one.suite === suite && isOurs(one) && one.scene.mosaic === 20_000);
  const small = run && caseOf(all, kindOf(run));
  const more = run && small ? mosaicBytes(run.scene) - mosaicBytes(small.scene) : 0;
  const told = run
    ? `${giga(run.residentBytes)}, ${(seconds(run) as number).toFixed(0)} s` +
      (small
        ? `; 5000 x 5000: ${giga(small.residentBytes)}; the products' planes are ${giga(more)} more`
        : "")
    : NOTHING;
  return [
    `mosaic of 20 000 x 20 000, ${what}`,
    "memory of 5000 x 5000 and what the products need",
    told,
    `--only ${only} --device ${SOFTWARE}`,
    run && small ? (run.residentBytes ?? 0) <= (small.residentBytes ?? 0) + more : undefined,
  ];
}
