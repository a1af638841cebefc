import { stat } from "node:fs/promises";
import { UserError } from "../errors.js";
import { Association } from "./association.js";
import { WfiImage } from "./wfi_image.js";

/** What a pipeline can be given: an association or `_cal` file, several of these, or models in memory. */
export type Dataset = string | Association | WfiImage | readonly (string | WfiImage)[];

export interface OpenedDataset {
  readonly association: Association;
  readonly models: readonly WfiImage[];
}

/**
 * The exposures of a dataset, opened but not read, in the association's order (romancal 1.0.1 datamodels/fileio.py and
 * library.py). Throws UserError naming the member that is missing or is no calibrated image; nothing is left open then.
 */
export async function openDataset(dataset: Dataset): Promise<OpenedDataset> {
  if (typeof dataset === "string" && (await isAssociation(dataset)))
    return openAssociation(await Association.read(dataset));
  if (dataset instanceof Association) return openAssociation(dataset);
  const list = Array.isArray(dataset)
    ? (dataset as readonly (string | WfiImage)[])
    : [dataset as string | WfiImage];
  if (list.length === 0) throw new UserError("at least one exposure is needed");
  const models = await openAll(list.map((one) => () => (typeof one === "string" ? WfiImage.open(one) : one)));
  const members = models.map((model) => ({ expname: model.filename, exptype: "SCIENCE" }));
  return number({ association: Association.ofMembers(members, productNameOf(models)), models });
}

/** The filters of exposures that differ, as a warning; undefined where they agree. */
export function filterWarning(models: readonly WfiImage[]): string | undefined {
  const filters = new Set(models.map((model) => model.metadata.string("instrument.optical_element")));
  if (filters.size < 2) return undefined;
  return `the exposures were taken through different filters (${[...filters].join(", ")}): the mosaic mixes them`;
}

async function openAssociation(association: Association): Promise<OpenedDataset> {
  const paths = association.members.map((member) => association.pathOf(member));
  for (const [i, path] of paths.entries()) {
    if (!(await stat(path).catch(() => undefined)))
      throw new UserError(
        `${association.path ?? "association"}: member ${association.members[i].expname} is missing: no file ${path}`,
      );
  }
  const models = await openAll(paths.map((path) => () => WfiImage.open(path)));
  return number({ association, models });
}

async function openAll(openers: readonly (() => WfiImage | Promise<WfiImage>)[]): Promise<WfiImage[]> {
  const models: WfiImage[] = [];
  try {
    for (const open of openers) models.push(await open());
  } catch (error) {
    await Promise.all(models.map((model) => model.close()));
    throw error;
  }
  return models;
}

function number(opened: OpenedDataset): OpenedDataset {
  opened.models.forEach((model, i) => {
    model.memberIndex = i;
    model.memberGroup = opened.association.members[i].groupId;
  });
  return opened;
}

/** JSON is an association, ASDF an exposure; source: romancal 1.0.1 datamodels/filetype.py. */
async function isAssociation(path: string): Promise<boolean> {
  if (/\.json$/i.test(path)) return true;
  if (/\.asdf$/i.test(path)) return false;
  const known = await stat(path).catch(() => undefined);
  if (!known) throw new UserError(`${path}: no such file`);
  throw new UserError(`${path}: expected an association (.json) or an exposure (.asdf)`);
}

/** The exposure's name without `_cal.asdf`, or what several have in common; source: romancal resample_step.py. */
function productNameOf(models: readonly WfiImage[]): string {
  const names = models.map((model) => model.filename);
  if (names.length === 1) return names[0].replace(/\.asdf$/, "").replace(/_cal$/, "");
  let length = 0;
  while (length < names[0].length && names.every((name) => name[length] === names[0][length])) length++;
  return names[0].slice(0, length).replace(/[_.]+$/, "") || "resample_output";
}
