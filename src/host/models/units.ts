import { type AsdfValue, withTag } from "../asdf/index.js";

const UNIT_TAG = "!unit/unit-1.0.0";
const MAGNITUDE_TAG = "tag:astropy.org:astropy/units/magunit-1.1.0";

/** astropy's spelling of units that a catalog uses -> VOUnit, which ASDF's unit tag holds. */
const VOUNIT: Readonly<Record<string, string>> = {
  pix: "pixel",
  arcsec2: "arcsec**2",
  "1 / arcsec2": "arcsec**-2",
  "nJy / arcsec2": "nJy.arcsec**-2",
};

/** A unit, spelled as astropy prints it, as the node that asdf-astropy 0.11 writes. */
export function unitNode(unit: string): AsdfValue {
  const magnitude = /^mag\((\w+)\)$/.exec(unit);
  return magnitude ? withTag(MAGNITUDE_TAG, magnitude[1]) : withTag(UNIT_TAG, VOUNIT[unit] ?? unit);
}
