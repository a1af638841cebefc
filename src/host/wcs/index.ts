export { type BoundingBox, boundingBoxOfShape } from "./bounding_box.js";
export { type FitsImagingInit, makeFitsImagingWcs } from "./fits_imaging_wcs.js";
export { type FitsImagingParameters } from "./transforms/fits_imaging.js";
export { type EvaluateOptions, Wcs, type WcsChanges } from "./wcs.js";
