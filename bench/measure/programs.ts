import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SceneFiles, SceneOptions } from "../scene/scene.js";
import { type RunResult } from "./results.js";
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

export interface Ended {
  readonly seconds: number;
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process from start to exit, in folder `cwd`. */
export function execute(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, words, { env: { ...process.env, ...env }, cwd });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += String(text)));
    child.stderr.on("data", (text) => (err += String(text)));
    child.once("error", reject);
    child.once("close", (code) => resolve({ seconds: (performance.now() - start) / 1000, code, out, err }));
  });
}

export async function sizeOf(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The command line on a scene, `repeats` times, then once more with a profile for the table of stages. */
export async function runOurs(
  root: URL,
  request: RunRequest,
  kind: string,
  repeats: number,
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
  const base = {
    suite,
    program: "romancal-webgpu",
    kind,
    scene,
    inputBytes: await sizeOf(files.exposures),
  } as const;
  const seconds: number[] = [];
  let told: Report | undefined;
  for (let i = 0; i <= repeats; i++) {
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const profiled = i === repeats;
    const ended = await execute(process.execPath, profiled ? [...words, `--profile=${trace}`] : words);
    if (ended.code !== 0)
      return { ...base, seconds: [], steps: {}, failed: ended.err.trim().split("\n").at(-1) ?? "" };
    if (profiled) break;
    seconds.push(ended.seconds);
    told = JSON.parse(await readFile(report, "utf8")) as Report;
  }
  const profile = JSON.parse(await readFile(trace, "utf8")) as ChromeTrace;
  const { device, steps, sources, deviceBytes, residentBytes, stages, files: written } = told as Report;
  const stageOf = (stage: string): number =>
    stages.find((entry) => entry.step === "resample" && entry.stage === stage)?.seconds ?? 0;
  return {
    ...base,
    device,
    seconds,
    steps,
    sources,
    deviceBytes,
    residentBytes,
    outputBytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
    stages: stageTable(profile),
    kernels: profile.otherData.kernels,
    drizzleSeconds: stageOf("total") - stageOf("read"),
  };
}

/** romancal's MosaicPipeline on the same files, once. */
export async function runRomancal(root: URL, request: RunRequest, python: string): Promise<RunResult> {
  const { suite, scene, files } = request;
  const place = (name: string): string => fileURLToPath(new URL(name, root));
  const base = { suite, program: "romancal", scene, inputBytes: await sizeOf(files.exposures) } as const;
  const ended = await execute(python, [
    ...[place("tools/oracle/run_romancal.py"), files.association, "--skymap", files.skymap],
    ...["--references", place(REFERENCES)],
  ]);
  const last = ended.out.trim().split("\n").at(-1) ?? "";
  if (ended.code !== 0)
    return { ...base, seconds: [], steps: {}, failed: ended.err.trim().split("\n").at(-1) ?? "" };
  const { total, peak_rss_gb, drizzle_c, ...steps } = JSON.parse(last) as Record<string, number>;
  void total;
  return {
    ...base,
    seconds: [ended.seconds],
    steps,
    residentBytes: peak_rss_gb * 1e9,
    drizzleSeconds: drizzle_c,
  };
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
