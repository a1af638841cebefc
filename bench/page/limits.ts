import { CELL_ARCSEC, PIXEL_ARCSEC } from "../scene/geometry.js";
import type { SceneOptions } from "../scene/scene.js";
import type { DeviceRates, HostRates } from "../measure/rates.js";
import type { RunResult, StageName } from "../measure/results.js";

/** What a step cannot do without. */
export interface Work {
  readonly step: string;
  /** Bytes that must be read or written, and operations; a multiplication and an addition are two. */
  readonly bytes: number;
  readonly operations: number;
  /** How they come about, for the page. */
  readonly because: string;
}

/** Work, what the measured rates give for it in seconds, and what was measured. */
export interface Limit extends Work {
  readonly byBytes: number;
  readonly byOperations: number;
  readonly seconds: number;
  /** Of the step or the stage; undefined where a run told none. */
  readonly measured?: number;
  /** Of its kernels, where the device times them. */
  readonly kernels?: number;
}

/** Bytes a pixel of an exposure: data f32, DQ u32; err, var_poisson, var_rnoise as halves. */
const [DATA, DQ, HALF] = [4, 4, 2];
const EXPOSURE = DATA + DQ + 3 * HALF;
/** data, err, weight, var_poisson, var_rnoise. */
const MOSAIC_PLANES = 5;
const PLANE = 4;
const CONTEXTS_A_PLANE = 32;
/** Part of the sky cell that the corner layout touches. */
const CORNER = 0.1;

/** Operations a pixel; counted in the formulae of docs/drizzle.md, outlier_detection.md, skymatch.md and source_catalog_detection.md. */
const OPERATIONS = {
  /** Six rounds of clipping: two comparisons, a sum, a sum of squares. */
  clippedMoments: 24,
  /** Where an output pixel lies in the exposure: affine and quadratic part, both coordinates. */
  map: 16,
  /** Four line integrals, one an arm of the nearest vertex. */
  areas: 64,
  /** Four cells: weight times area, and what it is multiplied with. */
  sum: 12,
  blot: 40,
  /** Differences to four neighbours, twice; two comparisons. */
  threshold: 40,
  background: 30,
  variances: 20,
};
/** The detection kernel, a Gaussian of 2 pixels FWHM: seven taps along rows, then along columns, over data and over weights. */
const CONVOLUTION = 2 * 7 * 2 * 2;

/** Output pixels that an exposure reaches, at most. */
export function covered({ layout, size, mosaic }: SceneOptions): number {
  const all = mosaic ** 2;
  if (layout === "corner") return CORNER * all;
  return Math.min(all, (size * (PIXEL_ARCSEC / CELL_ARCSEC)) ** 2);
}

/** What the steps of a scene cannot do without on the device: each plane that a step needs is read once, each it makes is written once. */
export function deviceWork(scene: SceneOptions): Work[] {
  const { exposures: e, size, mosaic } = scene;
  const all = e * size ** 2;
  const m = mosaic ** 2;
  const out = e * covered(scene);
  const under = out * (CELL_ARCSEC / PIXEL_ARCSEC) ** 2;
  const planes = PLANE * (MOSAIC_PLANES + Math.ceil(e / CONTEXTS_A_PLANE));
  const rounds = Math.ceil(Math.log2(Math.max(1, e)));
  const o = OPERATIONS;
  return [
    {
      ...{ step: "flux", bytes: 0, operations: 0 },
      because: "a factor where pixels are read",
    },
    {
      ...{ step: "skymatch", bytes: all * (DATA + DQ), operations: all * o.clippedMoments },
      because: "data and DQ of the exposures read once",
    },
    {
      step: "outlier_detection",
      bytes: under * (HALF + DQ + (DATA + DQ + HALF) + (DATA + DQ + HALF) + DQ) + 2 * PLANE * m,
      operations:
        out * (2 * (o.map + o.areas) + 2 * o.sum) + m * e * rounds ** 2 + under * (o.blot + o.threshold),
      because:
        "under the mosaic: DQ and var_rnoise for the weights' threshold, data, DQ and var_rnoise for the median, data, err and DQ for the flags, DQ written; the median written and read",
    },
    {
      step: "resample",
      bytes: under * (DATA + DQ + 2 * HALF) + m * planes,
      operations: out * (o.map + o.areas + 5 * o.sum) + m * o.variances,
      because: "data, DQ, var_rnoise and var_poisson under the mosaic read, the mosaic's planes written",
    },
    {
      step: "source_catalog",
      bytes: m * 4 * PLANE,
      operations: m * (o.background + CONVOLUTION),
      because: "data, err and weight read, the segmentation map written; sources count little",
    },
  ];
}

/** Bytes of the mosaic's planes and of the segmentation map. */
export function mosaicBytes({ exposures, mosaic }: SceneOptions): number {
  return mosaic ** 2 * PLANE * (MOSAIC_PLANES + Math.ceil(exposures / CONTEXTS_A_PLANE) + 1);
}

/** Seconds that a run cannot do without, step by step on the device, then transfers and files; and what it took. */
export function limitsOf(run: RunResult, device: DeviceRates, host: HostRates): Limit[] {
  const { scene, steps, stages = [] } = run;
  const stage = (name: StageName): number | undefined =>
    stages.length ? stages.reduce((sum, row) => sum + row.stages[name], 0) : undefined;
  const kernelsOf = (step: string): number | undefined => {
    const seconds = stages.find((row) => row.step === step)?.stages.kernel;
    return seconds === 0 ? undefined : seconds;
  };
  const onDevice = deviceWork(scene).map((work): Limit => {
    const [byBytes, byOperations] = [work.bytes / device.copy, work.operations / device.operations];
    const seconds = Math.max(byBytes, byOperations);
    return {
      ...work,
      ...{ byBytes, byOperations, seconds, measured: steps[work.step], kernels: kernelsOf(work.step) },
    };
  });
  const moved = (step: string, bytes: number, rate: number, because: string, name: StageName): Limit => {
    const seconds = bytes / rate;
    const work = { step, bytes, operations: 0, because };
    return { ...work, byBytes: seconds, byOperations: 0, seconds, measured: stage(name) };
  };
  const { exposures: e, size } = scene;
  const decoded = e * size ** 2 * EXPOSURE;
  const products = mosaicBytes(scene);
  return [
    ...onDevice,
    moved("upload", decoded, device.upload, "the exposures' planes once", "upload"),
    moved(
      "read-back",
      products,
      device.readBack,
      "the mosaic's planes and the segmentation map once",
      "read-back",
    ),
    moved("read", run.inputBytes, host.read, "the files, which the system holds in memory", "read"),
    moved("decode", decoded, host.decode * host.cores, "lz4 on all cores", "decode"),
    moved("encode", products, host.encode * host.cores, "lz4 on all cores", "encode"),
    moved("write", run.outputBytes ?? products, host.write, "into the system's memory", "write"),
  ];
}
