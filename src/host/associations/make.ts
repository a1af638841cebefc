import { SOFTWARE_VERSION } from "../models/version.js";
import type { SkycellWcsInfo } from "../models/association.js";
import type { PythonJson } from "./python_json.js";

export interface AssociationParts {
  readonly productName: string;
  /** File names as the association is to spell them. */
  readonly members: readonly string[];
  readonly type?: string;
  readonly target?: string;
  readonly program?: string;
  readonly dataReleaseId?: string;
  readonly skycell?: SkycellWcsInfo;
  readonly psfMatchReferenceFilter?: string;
}

/**
 * An association by the rule DMS_ELPP_Base, with the keys in romancal's order; `code_version` is this package's version.
 * Source: romancal 1.0.1 associations/asn_from_list.py, association.py, lib/dms_base.py, lib/rules_elpp_base.py.
 */
export function makeAssociation(parts: AssociationParts): { [key: string]: PythonJson } {
  const { productName, members, skycell, psfMatchReferenceFilter } = parts;
  return {
    asn_type: parts.type ?? "None",
    asn_rule: "DMS_ELPP_Base",
    version_id: null,
    code_version: SOFTWARE_VERSION,
    target: parts.target ?? null,
    degraded_status: "No known degraded exposures in association.",
    program: parts.program ?? "noprogram",
    data_release_id: parts.dataReleaseId ?? "p",
    constraints: "No constraints",
    asn_id: "a3001",
    asn_pool: "none",
    skycell_wcs_info: skycell ? skycellNode(skycell) : "none",
    products: [{ name: productName, members: members.map((expname) => ({ expname, exptype: "science" })) }],
    ...(psfMatchReferenceFilter !== undefined && { psf_match_reference_filter: psfMatchReferenceFilter }),
  };
}

function skycellNode(info: SkycellWcsInfo): PythonJson {
  return {
    name: info.name,
    pixel_scale: info.pixel_scale,
    ra_projection_center: info.ra_projection_center,
    dec_projection_center: info.dec_projection_center,
    x0_projection: info.x0_projection,
    y0_projection: info.y0_projection,
    ra_center: info.ra_center,
    dec_center: info.dec_center,
    nx: BigInt(info.nx),
    ny: BigInt(info.ny),
    orientat: info.orientat,
    orientat_projection_center: info.orientat_projection_center,
  };
}
