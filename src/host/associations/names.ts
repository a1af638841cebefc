import { parse } from "node:path";

/** What the association of a sky cell is made for: it decides which exposures go together, and the file's name. */
export const PRODUCT_TYPES = ["visit", "daily", "pass", "full", "user"] as const;
export type ProductType = (typeof PRODUCT_TYPES)[number];

/** The visit of an exposure's file: PPPPPCCAAASSSOOOVVV, what stands before the first underscore without its "r". */
export function visitIdOf(filename: string): string {
  return parse(filename).name.split("_")[0].replace(/^r/, "").slice(0, 19);
}

/** The program's number: the first five digits of a visit. */
export function programOf(visitId: string): string {
  return visitId.slice(0, 5);
}

/** Exposures with the same key go into the same associations; source: romancal 1.0.1 associations/skycell_asn.py. */
export function groupKeyOf(filename: string, type: ProductType): string {
  const visit = visitIdOf(filename);
  if (type === "visit") return visit;
  return visit.slice(0, type === "pass" ? 10 : 5);
}

/** `r00001_p_v01001001001001_270p66x50y50_f158`; source: romancal 1.0.1 associations/lib/utilities.py mk_level3_asn_name. */
export function level3Name(
  root: string,
  release: string,
  type: ProductType,
  visitId: string,
  skycell: string,
  filter: string,
): string {
  const [execution, pass, segment] = [visitId.slice(5, 7), visitId.slice(7, 10), visitId.slice(10, 13)];
  const words: Readonly<Record<ProductType, string>> = {
    visit: `v${visitId.slice(5, 20)}`,
    daily: `d${execution}${pass}${segment}`,
    pass: `p${execution}${pass}`,
    full: "full",
    user: "user",
  };
  return [root, release, words[type], skycell, filter].join("_");
}
