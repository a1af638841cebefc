import { writeFile } from "node:fs/promises";
import type { Logger } from "../pipelines/context.js";
import { UserError, type WfiMosaic } from "../host/models/index.js";
import type { EngineOptions, RunReport } from "../pipelines/call.js";
import { HighLevelPipeline } from "../pipelines/roman_hlp.js";
import { MosaicPipeline } from "../pipelines/roman_mos.js";
import {
  FluxStep,
  OutlierDetectionStep,
  ResampleStep,
  SkyMatchStep,
  SourceCatalogStep,
} from "../pipelines/steps.js";
import { STEP_NAMES } from "../pipelines/options.js";
import { readParameters, writeParameters } from "../pipelines/parameters.js";
import type { RunRequest } from "./arguments.js";
import { Progress } from "./progress.js";
import { writeReport } from "./report.js";
import { type RunSummary, summaryTable } from "./summary.js";

interface Outcome {
  readonly report: RunReport;
  readonly mosaic?: WfiMosaic;
  readonly catalog?: { readonly table: { readonly rows: number } };
  readonly segmentation?: { readonly data: Uint32Array };
}

/** Runs a pipeline or a step as the command line asks, with progress and a table at the end. */
export async function runRequest(request: RunRequest): Promise<void> {
  const progress = new Progress(!request.quiet && !request.verbose && process.stderr.isTTY === true);
  const print = (message: string): void => {
    progress.stop();
    process.stderr.write(`${message}\n`);
  };
  const log: Logger = {
    info: (message) => request.verbose && print(message),
    warn: (message) => !request.quiet && print(`warning: ${message}`),
  };
  const settled = await withParameters(request);
  if (settled.inputs.length === 0) return;
  let outcome: Outcome;
  try {
    outcome = await dispatch(settled, {
      device: request.device,
      skymap: request.skymap,
      dust_maps: request.dustMaps,
      log,
      profile: request.profile,
      progress: (step, fraction) => progress.update(step, fraction),
    });
  } finally {
    progress.stop();
  }
  const files = [...outcome.report.files];
  if (request.preview) files.push(await writePreview(request.preview, outcome));
  const summary = summaryOf(outcome, files);
  if (request.report) await writeReport(request.report, summary, outcome.report);
  if (!request.quiet) process.stdout.write(`${summaryTable(summary)}\n`);
}

/** The request with what its parameter file says; writes the options down where that is asked for. */
async function withParameters(request: RunRequest): Promise<RunRequest> {
  const { pipeline, inputs, parameters, saveParameters, quiet } = request;
  let { own, steps } = request;
  if (parameters !== undefined) {
    const file = await readParameters(parameters, pipeline);
    // as strun: what a program would keep in memory is written where the words do not forbid it
    own = { ...file.own, ...(inputs.length > 0 && { save_results: true }), ...own };
    steps = Object.fromEntries(
      STEP_NAMES.map((name) => [name, { ...file.steps[name], ...steps[name] }] as const).filter(
        ([, options]) => Object.keys(options).length > 0,
      ),
    );
  }
  if (saveParameters !== undefined) {
    const saving = inputs.length > 0 && { save_results: true };
    await writeParameters(saveParameters, pipeline, { own: { ...saving, ...own }, steps });
    if (!quiet) process.stdout.write(`parameters: ${saveParameters}\n`);
  }
  return { ...request, own, steps };
}

function summaryOf({ report, catalog }: Outcome, files: RunSummary["files"]): RunSummary {
  const { device, seconds: steps, totalSeconds: total, deviceBytes, residentBytes } = report;
  return { device, steps, total, sources: catalog?.table.rows, deviceBytes, residentBytes, files };
}

function dispatch(request: RunRequest, engine: EngineOptions): Promise<Outcome> {
  const { pipeline, inputs, own, steps, saveSuffix: save_suffix } = request;
  const dataset = inputs.length === 1 ? inputs[0] : inputs;
  // words of the command line: the pipeline and the steps check them
  const words: object = { save_results: true, ...own, save_suffix };
  const options: EngineOptions = { ...engine, ...words };
  switch (pipeline) {
    case "roman_mos":
      return MosaicPipeline.call(dataset, { ...options, steps });
    case "roman_hlp":
      return HighLevelPipeline.call(dataset, { ...options, steps });
    case "flux":
      return FluxStep.call(dataset, options);
    case "skymatch":
      return SkyMatchStep.call(dataset, options);
    case "outlier_detection":
      return OutlierDetectionStep.call(dataset, options);
    case "resample":
      return ResampleStep.call(dataset, options);
    case "source_catalog":
      if (inputs.length !== 1) throw new UserError("source_catalog: expected one mosaic");
      return SourceCatalogStep.call(inputs[0], options);
  }
}

async function writePreview(
  path: string,
  { mosaic, segmentation }: Outcome,
): Promise<RunSummary["files"][number]> {
  if (!mosaic) throw new UserError("--preview: this step makes no mosaic");
  const data = (await mosaic.plane("data")!.read()) as Float32Array;
  const { picturePng } = await import("../host/preview/picture.js");
  const png = picturePng(data, mosaic.shape, segmentation?.data, { wcs: mosaic.wcs });
  await writeFile(path, png).catch((error: Error) => {
    throw new UserError(`${path}: cannot write the preview (${error.message})`);
  });
  return { path, bytes: png.length };
}
