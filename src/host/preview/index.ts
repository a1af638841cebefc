export { type Ellipse, type PictureOptions, picturePng, segmentationPng } from "./picture.js";
export { type PreviewOptions, previewPng } from "./preview_file.js";
export { STRETCHES, type Stretch, type StretchOptions } from "./stretch.js";
