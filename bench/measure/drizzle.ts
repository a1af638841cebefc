import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DeviceChoice, openGpu } from "../../src/gpu/index.js";
import { copyTree } from "../../src/host/asdf/index.js";
import { WfiImage } from "../../src/host/models/index.js";
import { type RunReport, ResampleStep } from "../../src/index.js";
import { makeExposure, openTemplate } from "../scene/exposure.js";
import { CELL, CELL_ARCSEC } from "../scene/geometry.js";
import { SCENE, type SceneOptions, plansOf, sourcesOf } from "../scene/scene.js";
import { execute } from "./process.js";
import { type RunRequest, lastLine, runRomancal } from "./programs.js";
import { type DrizzleResult, now } from "./results.js";
import { type ChromeTrace, stageTable } from "./stages.js";

/** What the process that drizzles prints. */
export interface DrizzleFigures {
  readonly device: string;
  /** Seconds of the first time, in which memory is touched for the first time, and of each later one. */
  readonly first: number;
  readonly warm: readonly number[];
  readonly stages: DrizzleResult["stages"];
  readonly kernels: DrizzleResult["kernels"];
}

/** Drizzling it does little but compile the kernels. */
const SMALL: SceneOptions = { ...SCENE, exposures: 1, size: 96, mosaic: 128, sources: 10 };

/**
 * Drizzle alone, in a process of its own: exposures in memory to planes in memory; that is tables, uploads, kernels and read-back, not the
 * mosaic's statistics and metadata.
 */
export async function runDrizzle(
  root: URL,
  { suite, scene, files }: RunRequest,
  kind: string,
  repeats: number,
): Promise<DrizzleResult> {
  const script = fileURLToPath(new URL("./drizzle_process.js", import.meta.url));
  const words = [script, root.href, kind, String(repeats), String(scene.mosaic), ...files.exposures];
  const ended = await execute(process.execPath, words);
  const base = { suite, program: "romancal-webgpu", kind, scene, ...now(root), load: ended.load } as const;
  if (ended.code !== 0) return { ...base, warm: [], failed: lastLine(ended.err) };
  const figures = JSON.parse(lastLine(ended.out)) as DrizzleFigures;
  return { ...base, ...figures, residentBytes: ended.residentBytes };
}

const SKIPPED = { flux: { skip: true }, skymatch: { skip: true }, outlier_detection: { skip: true } };

/** The calls of drizzle's C function that romancal makes in resample on the same files, the other steps left out. */
export async function runRomancalDrizzle(
  root: URL,
  request: RunRequest,
  python: string,
): Promise<DrizzleResult> {
  const { suite, scene } = request;
  const told = await runRomancal(root, request, python, { ...SKIPPED, source_catalog: { skip: true } });
  const base = { suite, program: "romancal", scene, ...now(root), load: told.load } as const;
  if (told.failed !== undefined || told.drizzleSeconds === undefined)
    return { ...base, warm: [], failed: told.failed ?? "romancal told no time of drizzle's C function" };
  return { ...base, warm: [told.drizzleSeconds], step: told.steps.resample };
}

/** Work of the process that {@link runDrizzle} starts. */
export async function measureDrizzle(
  root: URL,
  kind: string,
  repeats: number,
  mosaic: number,
  paths: readonly string[],
  folder: string,
): Promise<DrizzleFigures> {
  const gpu = await openGpu({ device: kind as DeviceChoice, preciseTimes: true });
  const trace = join(folder, `romancal-webgpu-drizzle-${process.pid}.json`);
  try {
    const drizzle = async (models: WfiImage[], side: number, profile?: string): Promise<RunReport> => {
      const middle = (side - 1) / 2;
      const { report } = await ResampleStep.call(models, {
        ...{ gpu, profile, resample_on_skycell: false, save_results: false, pixel_scale: CELL_ARCSEC },
        ...{ output_shape: [side, side], crpix: [middle, middle], crval: [CELL.ra, CELL.dec], rotation: 0 },
        log: { info: () => undefined, warn: () => undefined },
      });
      return report;
    };
    await drizzle([await smallExposure(root)], SMALL.mosaic);
    gpu.memory.trim();
    const models: WfiImage[] = [];
    for (const path of paths) models.push(await inMemory(path));
    const first = secondsOf(await drizzle(models, mosaic));
    const warm: number[] = [];
    for (let i = 0; i < repeats; i++) warm.push(secondsOf(await drizzle(models, mosaic)));
    const { device } = await drizzle(models, mosaic, trace);
    const profile = JSON.parse(await readFile(trace, "utf8")) as ChromeTrace;
    const stages = stageTable(profile)[0];
    return { device, first, warm, stages, kernels: profile.otherData.kernels };
  } finally {
    gpu.close();
    await rm(trace, { force: true });
  }
}

/** Seconds of the step but for what romancal's C calls do not do either. */
function secondsOf({ stages }: RunReport): number {
  const of = (name: string): number =>
    stages.find(({ step, stage }) => step === "resample" && stage === name)?.seconds ?? 0;
  return of("total") - of("statistics");
}

/** An exposure with its arrays in memory. */
async function inMemory(path: string): Promise<WfiImage> {
  const image = await WfiImage.open(path);
  try {
    return await WfiImage.fromArrays(await image.arrays(), copyTree(image.meta));
  } finally {
    await image.close();
  }
}

async function smallExposure(root: URL): Promise<WfiImage> {
  const template = await openTemplate(root);
  try {
    return await makeExposure(template, plansOf(SMALL)[0], sourcesOf(SMALL));
  } finally {
    await template.close();
  }
}
