export { type BoundingBox, boundingBoxOfShape } from "./bounding_box.js";
export { type FitsImagingInit, makeFitsImagingWcs } from "./fits_imaging_wcs.js";
export { computeScale, l3WcsInfo, type L3WcsInfo, l3WcsInfoToAsdf, sRegion, yAxisAngle } from "./l3.js";
export {
  makeOutputWcs,
  type OutputInput,
  type OutputWcs,
  type OutputWcsOptions,
  type ReferenceWcsInfo,
} from "./output_wcs.js";
export { meanPixelArea } from "./pixel_area.js";
export { angularSeparation, positionAngle, rotationMatrixOfRoll } from "./sky_math.js";
export { type SkycellInfo, skycellWcs } from "./skycell.js";
export { type FitsImagingParameters } from "./transforms/fits_imaging.js";
export { type EvaluateOptions, Wcs, type WcsChanges, type WcsParts } from "./wcs.js";
