import { UserError } from "../errors.js";
import { Metadata, type Skymap, openRoman } from "../models/index.js";
import { isMap } from "../asdf/index.js";
import { Wcs } from "../wcs/index.js";
import { makeAssociation } from "./make.js";
import { SkycellMatcher } from "./match.js";
import { type ProductType, groupKeyOf, level3Name, programOf, visitIdOf } from "./names.js";
import { footprintOf } from "./outlines.js";
import { pythonJson } from "./python_json.js";

export interface SkycellAssociationOptions {
  /** What the names of the associations begin with; a folder may stand before it. */
  readonly root: string;
  readonly productType?: ProductType;
  readonly dataReleaseId?: string;
  /** Told of each exposure that touches no sky cell of the skymap. */
  readonly warn?: (message: string) => void;
}

/** An association as a file is to hold it. */
export interface AssociationFile {
  readonly path: string;
  readonly text: string;
  /** Exposures in it. */
  readonly members: number;
}

interface Exposed {
  readonly filename: string;
  readonly filter: string;
  /** Rows of the sky cells in the skymap, ascending. */
  readonly cells: readonly number[];
}

/**
 * The associations of exposures by sky cell: one for each group of exposures (a visit, a pass or a program), each sky cell that they
 * touch and each filter. Source: romancal 1.0.1 associations/skycell_asn.py.
 * @param files paths of exposures; the associations spell them so
 * @throws UserError for a file that cannot be read or has no WCS or filter (romancal leaves it out with a warning)
 */
export async function skycellAssociations(
  files: readonly string[],
  skymap: Skymap,
  options: SkycellAssociationOptions,
): Promise<AssociationFile[]> {
  const { productType = "visit", warn = () => undefined } = options;
  const matcher = new SkycellMatcher(skymap);
  const groups = new Map<string, Exposed[]>();
  for (const filename of files) {
    const record = await readExposure(filename, matcher);
    if (record.cells.length === 0) warn(`${filename}: touches no sky cell of ${skymap.path}`);
    const key = groupKeyOf(filename, productType);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  const written: AssociationFile[] = [];
  for (const records of groups.values()) {
    const cells = [...new Set(records.flatMap((record) => record.cells))].sort((a, b) => a - b);
    for (const cell of cells) written.push(...(await ofCell(cell, records, skymap, options)));
  }
  return written;
}

async function readExposure(filename: string, matcher: SkycellMatcher): Promise<Exposed> {
  const file = await openRoman(filename);
  try {
    const { meta } = file.roman;
    if (!isMap(meta)) throw new UserError(`${filename}: roman.meta is missing; expected a mapping`);
    const filter = new Metadata(filename, meta, "roman.meta").string("instrument.optical_element");
    if (meta.wcs === undefined || meta.wcs === null)
      throw new UserError(
        `${filename}: roman.meta.wcs is missing; expected an exposure that assign_wcs has run on`,
      );
    const wcs = await Wcs.fromAsdf(meta.wcs, `${filename}: roman.meta.wcs`);
    const cells = await matcher.find(footprintOf(wcs, filename));
    return { filename, filter: filter.toLowerCase(), cells };
  } finally {
    await file.close();
  }
}

async function ofCell(
  cell: number,
  records: readonly Exposed[],
  skymap: Skymap,
  { root, productType = "visit", dataReleaseId = "p" }: SkycellAssociationOptions,
): Promise<AssociationFile[]> {
  const inside = records.filter(({ cells }) => cells.includes(cell));
  const filters = new Set(inside.map(({ filter }) => filter));
  const skycell = await skymap.cellAt(cell);
  return [...filters].map((filter) => {
    const members = inside.filter((record) => record.filter === filter).map(({ filename }) => filename);
    const visit = visitIdOf(members[0]);
    const name = level3Name(root, dataReleaseId, productType, visit, skycell.name, filter);
    const text = pythonJson(
      makeAssociation({
        productName: name,
        members,
        type: "image",
        program: programOf(visit),
        dataReleaseId,
        target: skycell.name,
        skycell,
      }),
    );
    return { path: `${name}_asn.json`, text, members: members.length };
  });
}
