export { UserError } from "../errors.js";
export type { AsdfMap, AsdfValue } from "../asdf/index.js";
export { Association, type AssociationMember, type SkycellWcsInfo } from "./association.js";
export { PIXEL, type PixelFlag, badBits, interpretBitFlags } from "./dqflags.js";
export { type Dataset, type OpenedDataset, filterWarning, openDataset } from "./load.js";
export { individualImageMeta } from "./image_meta.js";
export { floatRepr, pythonRepr } from "./python_repr.js";
export { type RomanFile, openRoman } from "./roman_file.js";
export { type Column, type ColumnData, tableNode } from "./table.js";
export { UtcTime } from "./time.js";
export { Metadata, nodeAt, setNode, timeOf } from "./tree.js";
export { type ImageArrays, type PlaneName, type PlaneSource, WfiImage } from "./wfi_image.js";
export { blendMetadata, floats, timeNode } from "./blend.js";
export { fileDateNode } from "./file_date.js";
export {
  type CatalogColumn,
  type CatalogMeta,
  type CatalogTable,
  MosaicSegmentationMap,
  MosaicSourceCatalog,
} from "./source_catalog.js";
export { SOFTWARE_NAME, SOFTWARE_VERSION } from "./version.js";
export { type MosaicArrays, type MosaicNumbers, type MosaicPlanes, WfiMosaic } from "./wfi_mosaic.js";
export {
  type EncircledEnergy,
  type EpsfReference,
  checkReference,
  readApcorr,
  readEpsf,
} from "./references.js";
export { Skymap, type SkymapColumns, type SkymapRegion } from "./skymap.js";
export { catalogParquet } from "./catalog_parquet.js";
export {
  type Product,
  type WrittenFile,
  baseName,
  framesBeside,
  prepareFolder,
  productPath,
  writeProducts,
} from "./products.js";
