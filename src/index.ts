/// <reference types="@webgpu/types" preserve="true" />
/** romancal's MosaicPipeline on any GPU. */
export { UserError } from "./host/errors.js";
export {
  Association,
  type AssociationMember,
  type CatalogColumn,
  type CatalogMeta,
  type CatalogTable,
  type Dataset,
  type ImageArrays,
  type MosaicArrays,
  MosaicSegmentationMap,
  MosaicSourceCatalog,
  PIXEL,
  type PixelFlag,
  Skymap,
  type SkycellWcsInfo,
  WfiImage,
  WfiMosaic,
  catalogParquet,
  interpretBitFlags,
  openDataset,
  readApcorr,
  readEpsf,
} from "./host/models/index.js";
export {
  type BoundingBox,
  type FitsImagingInit,
  Wcs,
  makeFitsImagingWcs,
  skycellWcs,
} from "./host/wcs/index.js";
export {
  type PictureOptions,
  type PreviewOptions,
  picturePng,
  previewPng,
  segmentationPng,
} from "./host/preview/index.js";
export {
  DeviceMemoryError,
  type DeviceChoice,
  type DeviceInfo,
  type Gpu,
  NoDeviceError,
  listAdapters,
  openGpu,
} from "./gpu/index.js";
export type { EngineOptions, RunReport } from "./pipelines/call.js";
export { type Parameters, readParameters, writeParameters } from "./pipelines/parameters.js";
export type { Logger, Stage } from "./pipelines/context.js";
export type { Hook } from "./pipelines/option_types.js";
export type {
  CatalogProducts,
  FluxOptions,
  OutlierDetectionOptions,
  ResampleOptions,
  RomanMosOptions,
  SkyMatchOptions,
  SourceCatalogOptions,
  StepName,
  StepOptions,
} from "./pipelines/options.js";
export { HighLevelPipeline, type HighLevelOptions, type HighLevelResult } from "./pipelines/roman_hlp.js";
export type { MosaicOptions } from "./pipelines/mosaic_options.js";
export {
  MosaicPipeline,
  type MosaicResult,
  type UnmosaickedOptions,
  type UnmosaickedResult,
} from "./pipelines/roman_mos.js";
export {
  FluxStep,
  type ImageStepResult,
  OutlierDetectionStep,
  ResampleStep,
  type ResampleStepResult,
  SkyMatchStep,
  SourceCatalogStep,
  type SourceCatalogStepResult,
} from "./pipelines/steps.js";
