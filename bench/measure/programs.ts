import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SceneFiles, SceneOptions } from "../scene/scene.js";
import { type Ended, type Load, execute } from "./process.js";
import { type RunResult, median, now } from "./results.js";
import { type ChromeTrace, stageTable } from "./stages.js";

const REFERENCES = "fixtures/references/";

export interface RunRequest {
  readonly suite: string;
  readonly scene: SceneOptions;
  readonly files: SceneFiles;
  /** Where products go; emptied. */
  readonly out: string;
}

interface Report {
  readonly device: string;
  readonly totalSeconds: number;
  readonly steps: Readonly<Record<string, number>>;
  readonly stages: readonly { step: string; stage: string; seconds: number }[];
  readonly sources?: number;
  readonly deviceBytes: number;
  readonly residentBytes: number;
  readonly files: readonly { bytes: number }[];
}

export async function sizeOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** How often, and whether once more with a profile for the table of stages. */
export interface RunOptions {
  readonly repeats: number;
  readonly stages: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** The command line on a scene, `repeats` times. */
export async function runOurs(
  root: URL,
  request: RunRequest,
  kind: string,
  { repeats, stages, env = {} }: RunOptions,
): Promise<RunResult> {
  const { suite, scene, files, out } = request;
  const place = (name: string): string => fileURLToPath(new URL(name, root));
  const [report, trace] = [join(out, "report.json"), join(out, "trace.json")];
  const words = [
    ...[place("bin/romancal-webgpu.js"), "roman_mos", files.association, `--skymap=${files.skymap}`],
    ...[`--device=${kind}`, `--output_dir=${out}`, "--quiet", `--report=${report}`],
    `--steps.source_catalog.override_apcorr=${place(`${REFERENCES}apcorr.asdf`)}`,
    `--steps.source_catalog.override_epsf=${place(`${REFERENCES}epsf.asdf`)}`,
  ];
  const inputBytes = await sizeOf(files.exposures);
  const base = { suite, program: "romancal-webgpu", kind, scene, inputBytes, ...now(root) } as const;
  const all: Ended[] = [];
  let told: Report | undefined;
  for (let i = 0; i < repeats + (stages ? 1 : 0); i++) {
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const profiled = i === repeats;
    const ended = await execute(process.execPath, profiled ? [...words, `--profile=${trace}`] : words, env);
    if (ended.code !== 0)
      return { ...base, seconds: [], steps: {}, load: ended.load, failed: lastLine(ended.err) };
    if (profiled) break;
    all.push(ended);
    told = JSON.parse(await readFile(report, "utf8")) as Report;
  }
  const profile = stages ? (JSON.parse(await readFile(trace, "utf8")) as ChromeTrace) : undefined;
  const { device, steps, sources, deviceBytes, residentBytes, files: written } = told as Report;
  return {
    ...base,
    ...outside(all),
    device,
    steps,
    sources,
    deviceBytes,
    residentBytes: outside(all).residentBytes ?? residentBytes,
    outputBytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
    stages: profile && stageTable(profile),
    kernels: profile?.otherData.kernels,
  };
}

/** What repetitions of a program took, watched from outside. */
function outside(
  all: readonly Ended[],
): Pick<RunResult, "seconds" | "cpuSeconds" | "residentBytes" | "load"> {
  const cpu = all.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
  const resident = all.flatMap(({ residentBytes }) => residentBytes ?? []);
  return {
    seconds: all.map(({ seconds }) => seconds),
    cpuSeconds: cpu.length ? median(cpu) : undefined,
    residentBytes: resident.length ? Math.max(...resident) : undefined,
    load: busiest(all.map(({ load }) => load)),
  };
}

function busiest(loads: readonly Load[]): Load {
  return loads.reduce((most, load) => ((load.others ?? 0) > (most.others ?? 0) ? load : most));
}

/** romancal's MosaicPipeline on the same files, once; with options of its steps. */
export async function runRomancal(
  root: URL,
  request: RunRequest,
  python: string,
  steps: Readonly<Record<string, unknown>> = {},
): Promise<RunResult> {
  const { suite, scene, files } = request;
  const place = (name: string): string => fileURLToPath(new URL(name, root));
  const inputBytes = await sizeOf(files.exposures);
  const base = { suite, program: "romancal", scene, inputBytes, ...now(root) } as const;
  const ended = await execute(python, [
    ...[place("tools/oracle/run_romancal.py"), files.association, "--skymap", files.skymap],
    ...["--references", place(REFERENCES), "--steps", JSON.stringify(steps)],
  ]);
  await removeProducts(dirname(files.association));
  if (ended.code !== 0)
    return { ...base, seconds: [], steps: {}, load: ended.load, failed: lastLine(ended.err) };
  const { total, peak_rss_gb, drizzle_c, ...seconds } = JSON.parse(lastLine(ended.out)) as Record<
    string,
    number
  >;
  void total;
  const watched = outside([ended]);
  const residentBytes = watched.residentBytes ?? peak_rss_gb * 1e9;
  return { ...base, ...watched, steps: seconds, residentBytes, drizzleSeconds: drizzle_c };
}

/** romancal writes beside the association; scenes stay. */
async function removeProducts(folder: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((one) => /_(coadd|segm|cat)\.(asdf|parquet)$/.test(one)))
    await rm(join(folder, name));
}

/** SWarp or SExtractor, once. */
export async function runTool(
  root: URL,
  { suite, scene }: RunRequest,
  program: "swarp" | "sextractor",
  path: string,
  words: readonly string[],
  folder: string,
): Promise<RunResult> {
  const ended = await execute(path, words, {}, folder);
  const inputBytes = scene.exposures * scene.size ** 2 * 4;
  const base = { suite, scene, steps: {}, inputBytes, program, ...now(root) } as const;
  return ended.code === 0
    ? { ...base, ...outside([ended]) }
    : { ...base, seconds: [], load: ended.load, failed: lastLine(ended.err) };
}

export function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

/** A program on the PATH. */
export function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** The Python that was named, else the first on the PATH that has romancal. */
export async function findRomancal(named: string | undefined): Promise<string | undefined> {
  const candidates = named
    ? [named]
    : [onPath("python3"), onPath("python")].filter((path) => path !== undefined);
  for (const python of candidates) {
    const { code } = await execute(python, ["-c", "import romancal, stcal, drizzle"]).catch(() => ({
      code: 1,
    }));
    if (code === 0) return python;
  }
  if (named) throw new Error(`--romancal ${named}: romancal cannot be imported there`);
  return undefined;
}
