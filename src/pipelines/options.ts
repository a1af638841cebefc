import type {
  MosaicSegmentationMap,
  MosaicSourceCatalog,
  WfiImage,
  WfiMosaic,
} from "../host/models/index.js";
import {
  type OptionsOf,
  type Spec,
  bitFlags,
  boolean,
  choice,
  float,
  floatList,
  hooks,
  intList,
  integer,
  oneOf,
  pair,
  skyPosition,
  string,
  word,
} from "./option_types.js";

/** Options that stpipe gives to every step; source: stpipe/step.py and romancal 1.0.1 stpipe/core.py. */
const COMMON = {
  skip: boolean(false, "skip this step"),
  save_results: boolean(false, "write this step's results"),
  suffix: word(null, "suffix of the files this step writes"),
  output_dir: string(null, "folder of the files this step writes (made if it does not exist)"),
  output_file: string(null, "base name of the files this step writes; they are saved then"),
  input_dir: string(null, "folder of input that is named without one"),
  output_ext: oneOf(string(".asdf", "extension of the files this step writes"), [".asdf", "asdf"]),
  output_use_model: boolean(false, "name files by meta.filename of what is in them"),
  output_use_index: boolean(true, "no effect, as in stpipe"),
  search_output_file: boolean(true, "use the pipeline's output_file; else the names are meta.filename's"),
  update_version: boolean(
    false,
    "taken as romancal takes it, without effect: files are read as they are, older data models too",
  ),
} satisfies Spec;

/** Hooks of steps that work on exposures: these may be changed, metadata and arrays. */
const EXPOSURE_HOOKS = {
  pre_hooks: hooks<readonly WfiImage[]>("what to call before the step"),
  post_hooks: hooks<readonly WfiImage[]>("what to call after the step"),
} satisfies Spec;

const RESAMPLE_HOOKS = {
  pre_hooks: hooks<readonly WfiImage[]>("what to call before the step"),
  post_hooks: hooks<WfiMosaic>("what to call after the step"),
} satisfies Spec;

/** What source_catalog makes, for its hooks. */
export interface CatalogProducts {
  readonly catalog: MosaicSourceCatalog;
  readonly segmentation: MosaicSegmentationMap;
}

const CATALOG_HOOKS = {
  pre_hooks: hooks<WfiMosaic>("what to call before the step"),
  post_hooks: hooks<CatalogProducts>("what to call after the step"),
} satisfies Spec;

/** romancal 1.0.1 flux/flux_step.py: it has no options of its own. */
export const FLUX = { ...COMMON, ...EXPOSURE_HOOKS } satisfies Spec;

/** romancal 1.0.1 skymatch/skymatch_step.py */
export const SKYMATCH = {
  ...COMMON,
  ...EXPOSURE_HOOKS,
  skymethod: choice(["local", "global", "match", "global+match"], "match", "how the sky is computed"),
  match_down: boolean(true, "match to the lowest sky (true) or to the highest"),
  subtract: boolean(false, "subtract the sky from the data"),
  stepsize: integer(null, "most pixels between two vertices of an exposure's outline", { min: 1 }),
  skystat: choice(["median", "midpt", "mean", "mode"], "mode", "statistic of the sky"),
  dqbits: bitFlags("~DO_NOT_USE", "DQ bits that are good"),
  lower: float(null, "lowest value that counts as sky"),
  upper: float(null, "highest value that counts as sky"),
  nclip: integer(5, "clipping iterations", { min: 0 }),
  lsigma: float(4, "lower clipping limit, in sigma", { min: 0 }),
  usigma: float(4, "upper clipping limit, in sigma", { min: 0 }),
  binwidth: float(0.1, "bin width of mode and midpt, in sigma", { min: 0 }),
} satisfies Spec;

const PIXMAP_ORDER = oneOf(integer(3, "order of the splines between those pixels"), [1, 3]);

const PIXFRAC = float(1, "fraction by which input pixels are shrunk before they are drizzled", {
  min: 0,
  max: 1,
});
const KERNEL = {
  ...choice(["square", "gaussian", "point", "turbo", "lanczos2", "lanczos3"], "square", "drizzle kernel"),
  type: "string",
};

/** romancal 1.0.1 outlier_detection/outlier_detection_step.py */
export const OUTLIER_DETECTION = {
  ...COMMON,
  ...EXPOSURE_HOOKS,
  weight_type: choice(["ivm", "exptime"], "ivm", "weights of the median image (romancal always uses ivm)"),
  pixfrac: PIXFRAC,
  kernel: KERNEL,
  fillval: string("NaN", "value of output pixels without weight: a number, NaN or INDEF (0)"),
  maskpt: float(0.7, "fraction of the mean weight below which a pixel is left out of the median"),
  snr: pair("5.0 4.0", "signal-to-noise thresholds of the first and second pass"),
  scale: pair("1.2 0.7", "factors of the derivative in the first and second pass"),
  backg: float(0, "background that is subtracted, where the exposure has none of its own"),
  save_intermediate_results: boolean(false, "write the drizzled groups and the median image"),
  resample_data: boolean(true, "drizzle the exposures before the median"),
  resample_on_skycell: boolean(true, "use the sky cell's grid where the association names one"),
  good_bits: bitFlags("~DO_NOT_USE", "DQ bits that are good"),
  in_memory: boolean(true, "false: as the pipeline's on_disk, where the step runs alone"),
  pixmap_stepsize: float(10, "pixels between those whose place is computed in full", { min: 1 }),
  pixmap_order: PIXMAP_ORDER,
} satisfies Spec;

/** romancal 1.0.1 resample/resample_step.py */
export const RESAMPLE = {
  ...COMMON,
  ...RESAMPLE_HOOKS,
  pixfrac: PIXFRAC,
  kernel: KERNEL,
  fillval: string("NAN", "value of output pixels without weight: a number, NaN or INDEF (0)"),
  weight_type: choice(
    ["ivm", "exptime", "ivm-sky", null],
    "ivm",
    "weights of the input pixels (None: all alike)",
  ),
  output_shape: intList(2, "nx,ny of the mosaic", { min: 1 }),
  crpix: floatList(2, "x,y of the reference pixel, 0-based"),
  crval: skyPosition("right ascension and declination of the reference pixel, degrees"),
  rotation: float(null, "position angle of the mosaic's y axis, degrees", { finite: true }),
  pixel_scale_ratio: float(1, "ratio of the mosaic's pixel scale to the exposures'", { above: 0 }),
  pixel_scale: float(null, "pixel scale of the mosaic, arcsec", { above: 0 }),
  output_wcs: string("", "ASDF file with the mosaic's WCS under the key wcs"),
  resample_on_skycell: boolean(true, "use the sky cell's grid where the association names one"),
  in_memory: boolean(true, "false: as the pipeline's on_disk, where the step runs alone"),
  good_bits: bitFlags("~DO_NOT_USE", "DQ bits that are good"),
  include_var_flat: boolean(false, "drizzle the flat's variance too"),
  propagate_dq: boolean(false, "OR the DQ flags of the contributing pixels into a plane dq"),
  pixmap_stepsize: integer(10, "pixels between those whose place is computed in full", { min: 1 }),
  pixmap_order: PIXMAP_ORDER,
} satisfies Spec;

/** romancal 1.0.1 source_catalog/source_catalog_step.py */
export const SOURCE_CATALOG = {
  ...COMMON,
  ...CATALOG_HOOKS,
  suffix: word("cat", "suffix of the catalog's files"),
  bkg_boxsize: integer(1000, "edge of the background's mesh boxes, pixels", { min: 1 }),
  kernel_fwhm: float(2, "full width at half maximum of the smoothing kernel, pixels", { above: 0 }),
  snr_threshold: float(3, "signal-to-noise of a pixel above which it belongs to a source"),
  npixels: integer(25, "fewest connected pixels of a source", { min: 1 }),
  deblend: boolean(false, "separate sources that overlap"),
  fit_psf: boolean(true, "fit the PSF to the sources"),
  forced_segmentation: string("", "segmentation map (_segm) to measure in place of detecting sources"),
  override_apcorr: string(null, "aperture correction reference file (ASDF)"),
  override_epsf: string(null, "ePSF reference file (ASDF)"),
} satisfies Spec;

/** romancal 1.0.1 pipeline/mosaic_pipeline.py */
export const ROMAN_MOS = {
  ...COMMON,
  ...RESAMPLE_HOOKS,
  on_disk: boolean(
    false,
    "keep no exposure on the device or in memory while another is worked on: the least memory",
  ),
  resample_on_skycell: boolean(true, "use the sky cell's grid where the association names one"),
} satisfies Spec;

/** The steps of MosaicPipeline in the order they run. */
export const STEPS = {
  flux: FLUX,
  skymatch: SKYMATCH,
  outlier_detection: OUTLIER_DETECTION,
  resample: RESAMPLE,
  source_catalog: SOURCE_CATALOG,
} as const;

export type StepName = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS) as StepName[];

/** Each pipeline: its own options, its steps in the order they run, and other names it is called by. */
export const PIPELINES = {
  roman_mos: { spec: ROMAN_MOS, steps: STEP_NAMES, alias: "mosaic_pipeline", className: "MosaicPipeline" },
  roman_hlp: {
    spec: ROMAN_MOS,
    steps: ["skymatch", "outlier_detection", "resample"] as readonly StepName[],
    alias: "highlevel_pipeline",
    className: "HighLevelPipeline",
  },
} as const;

export type PipelineName = keyof typeof PIPELINES;
export const PIPELINE_NAMES = Object.keys(PIPELINES) as PipelineName[];

export type FluxOptions = OptionsOf<typeof FLUX>;
export type SkyMatchOptions = OptionsOf<typeof SKYMATCH>;
export type OutlierDetectionOptions = OptionsOf<typeof OUTLIER_DETECTION>;
export type ResampleOptions = OptionsOf<typeof RESAMPLE>;
export type SourceCatalogOptions = OptionsOf<typeof SOURCE_CATALOG>;
export type RomanMosOptions = OptionsOf<typeof ROMAN_MOS>;
/** The checked options of each step. */
export type StepOptions = { [S in StepName]: OptionsOf<(typeof STEPS)[S]> };
