/** Making associations: which exposures go into one mosaic. */
export { type AssociationParts, makeAssociation } from "./make.js";
export { SkycellMatcher } from "./match.js";
export { PRODUCT_TYPES, type ProductType } from "./names.js";
export { type Footprint, footprintOf } from "./outlines.js";
export { type PythonJson, pythonJson } from "./python_json.js";
export { type AssociationFile, type SkycellAssociationOptions, skycellAssociations } from "./skycell_asn.js";
