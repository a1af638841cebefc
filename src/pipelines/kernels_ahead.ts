import type { Constants, DeviceKind, Kernel, Variant } from "../gpu/index.js";
import { LARGEST_TILE } from "../host/wcs/tiles.js";
import * as drizzle from "../shaders/drizzle/kernels.js";
import { scalePlane } from "../shaders/flux/kernels.js";
import { blot, flagOutliers, threshold } from "../shaders/outlier_detection/flag.js";
import { MAX_PLANES, maskLowWeight, nanmedian } from "../shaders/outlier_detection/median.js";
import { weightSums } from "../shaders/outlier_detection/weights.js";
import { meanAndMax } from "../shaders/resample/mean_and_max.js";
import { orderList } from "../shaders/shared/order_list.js";
import * as sky from "../shaders/skymatch/kernels.js";
import * as background from "../shaders/source_catalog/background.js";
import { MAX_QUADS_RADIUS, convolveQuads } from "../shaders/source_catalog/convolve.js";
import * as label from "../shaders/source_catalog/label.js";
import * as measure from "../shaders/source_catalog/measure.js";
import { psfFit, psfStart } from "../shaders/source_catalog/psf_fit.js";
import { STEP_NAMES, type StepName, type StepOptions } from "./options.js";
import { smoothingRadius } from "./source_catalog/detection_image.js";
import { sourceConstants } from "./source_catalog/measure_device.js";

type Ahead = {
  readonly [S in StepName]: (
    options: StepOptions[S],
    groups: number,
    device: DeviceKind,
  ) => readonly Variant[];
};

const one = (kernel: Kernel, constants: Constants): Variant => ({ kernel, constants });
const plain = (...kernels: readonly Kernel[]): Variant[] => kernels.map((kernel) => ({ kernel }));

/** Those of exposures with half-float variances, in the order of their first use; what options or input add is made when it is used. */
const AHEAD: Ahead = {
  flux: () => [one(scalePlane, { HALF: false }), one(scalePlane, { HALF: true })],
  skymatch: ({ subtract }) => [
    ...plain(sky.firstPixel, sky.setMoments),
    one(sky.fewCells, { EIGHT: false }),
    ...(subtract ? plain(sky.subtractSky) : []),
  ],
  outlier_detection: ({ resample_data, kernel }, groups) =>
    groups < 2 || groups > MAX_PLANES || !resample_data
      ? []
      : [
          one(drizzle.packData, { WEIGHTING: 0, HALVES: 1, DERIVE: 0, SECOND: 0 }),
          ...gathers(kernel, drizzle.fastData, drizzle.generalData, false, [true]),
          ...plain(weightSums, maskLowWeight),
          one(nanmedian, { LAYERS: groups }),
          one(blot, { ALIGNED: true }),
          one(threshold, { ALIGNED: true }),
          ...plain(flagOutliers),
        ],
  resample: ({ kernel, weight_type }) => [
    one(drizzle.packPlanes, { WEIGHTING: 0, HALVES: 3, DERIVE: 0, SECOND: 0 }),
    ...(weight_type === "ivm"
      ? gathers(kernel, drizzle.fastPlanes, drizzle.generalPlanes, true, [true, false])
      : []),
    ...plain(drizzle.fill, drizzle.finishVariances, drizzle.addTimes, meanAndMax),
    one(orderList, { MODE: 1 }),
    one(orderList, { MODE: 2 }),
  ],
  source_catalog: ({ forced_segmentation, kernel_fwhm, fit_psf }, _groups, device) => [
    ...plain(background.backgroundMask, background.backgroundCoarse, background.backgroundFine),
    ...plain(background.backgroundParts, background.backgroundSums),
    ...(forced_segmentation ? [] : detection(kernel_fwhm)),
    ...plain(measure.segmentBoxes),
    ...ofSources(device),
    ...plain(measure.daofind),
    ...(fit_psf ? [one(psfStart, {}), one(psfFit, { SINGLE: true }), one(psfFit, { SINGLE: false })] : []),
  ],
};

/** Gathers of the signal; `first`: of those into sums that nothing was added to, and of the others. */
function gathers(
  kernel: string,
  fast: Kernel,
  general: Kernel,
  CONTEXT: boolean,
  first: readonly boolean[],
): Variant[] {
  if (kernel !== "square") return [];
  const TILE = LARGEST_TILE;
  return [
    ...first.map((FIRST) => one(fast, { TILE, FIRST, CONTEXT })),
    one(general, { MAPPED: false, TILE, FIRST: false, CONTEXT }),
  ];
}

/** Kernels with one workgroup a source. */
function ofSources(device: DeviceKind): Variant[] {
  const kernels = [
    measure.segmentMoments,
    measure.circularApertures,
    measure.annulusBackground,
    measure.kronRadius,
    measure.kronFlux,
    measure.halfLight,
    measure.windowedCentroid,
  ];
  return kernels.map((kernel) => one(kernel, sourceConstants(device)));
}

function detection(fwhm: number): Variant[] {
  const RADIUS = smoothingRadius(fwhm);
  return [
    ...plain(background.backgroundLines, background.backgroundSubtractQuads),
    ...(RADIUS <= MAX_QUADS_RADIUS ? [one(convolveQuads, { LABELS: true, RADIUS })] : []),
    ...plain(label.labelMerge, label.labelFlatten, label.labelScan, label.labelNumber),
    ...plain(label.componentAreas, label.componentLabels),
  ];
}

/**
 * The pipelines that each step will use, known before it has read anything, so that they can be made meanwhile. Steps that are
 * skipped use none.
 * @param groups how many groups of exposures there are @param device what they run on
 */
export function kernelsAhead(
  steps: { readonly [S in StepName]?: StepOptions[S] },
  groups: number,
  device: DeviceKind,
): Map<StepName, readonly Variant[]> {
  const found = new Map<StepName, readonly Variant[]>();
  const add = <S extends StepName>(name: S): void => {
    const options = steps[name];
    if (options && !options.skip) found.set(name, AHEAD[name](options, groups, device));
  };
  STEP_NAMES.forEach(add);
  return found;
}
