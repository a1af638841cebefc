export { Wcs, type BoundingBox } from "./wcs.js";
