import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { UserError } from "../errors.js";
import type { SkycellInfo } from "../wcs/index.js";

/** The sky cell's WCS as the association's `skycell_wcs_info` gives it, complete. */
export type SkycellWcsInfo = Required<SkycellInfo>;

const SKYCELL_NUMBERS = [
  "pixel_scale",
  "ra_projection_center",
  "dec_projection_center",
  "x0_projection",
  "y0_projection",
  "ra_center",
  "dec_center",
  "nx",
  "ny",
  "orientat",
  "orientat_projection_center",
] as const;

export interface AssociationMember {
  /** As the association spells it. */
  readonly expname: string;
  readonly exptype: string;
  /** Exposures of one group are drizzled together before the median; undefined: told by the exposure's metadata. */
  readonly groupId?: string;
}

type Json = Record<string, unknown>;

/**
 * What goes into one mosaic: the first product of an association (romancal 1.0.1 associations, stpipe ModelLibrary).
 * The association keys are romancal's; what is absent is undefined.
 */
export class Association {
  private constructor(
    /** Where it was read from; undefined for an association made of models. */
    readonly path: string | undefined,
    readonly members: readonly AssociationMember[],
    /** `products[0].name`. */
    readonly productName: string | undefined,
    private readonly json: Json,
  ) {}

  /** Reads and checks an association file (JSON). Throws UserError naming the file and the key. */
  static async read(path: string): Promise<Association> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new UserError(
        `${path}: cannot read the association (${code === "ENOENT" ? "no such file" : code})`,
      );
    }
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw new UserError(`${path}: not an association: not JSON (${(error as Error).message})`);
    }
    return Association.fromJson(json, path);
  }

  /** Checks an association that is in memory; members are found beside `path`. Throws UserError. */
  static fromJson(json: unknown, path?: string): Association {
    const where = path ?? "association";
    const root = object(json, where, "the association");
    const products = root.products;
    if (!Array.isArray(products) || products.length === 0)
      throw new UserError(`${where}: products: expected a list with one product`);
    const product = object(products[0], where, "products[0]");
    const name = optionalString(product.name, where, "products[0].name");
    if (!Array.isArray(product.members) || product.members.length === 0)
      throw new UserError(`${where}: products[0].members: expected a list of at least one exposure`);
    const members = product.members.map((member, i) =>
      readMember(member, where, `products[0].members[${i}]`),
    );
    for (const key of ["target", "data_release_id", "asn_pool"]) optionalString(root[key], where, key);
    const association = new Association(path, members, name, root);
    void association.skycellWcsInfo;
    return association;
  }

  /** An association of models that are in memory, as stpipe's ModelLibrary makes it: members and nothing else. */
  static ofMembers(members: readonly AssociationMember[], productName?: string): Association {
    if (members.length === 0) throw new UserError("at least one exposure is needed");
    return new Association(undefined, members, productName, {});
  }

  /** The file's own name, or "?" where there is none: what romancal writes to `meta.association.name`. */
  get tableName(): string {
    return this.path === undefined ? "?" : basename(this.path);
  }

  get id(): string | undefined {
    return (this.json.asn_id ?? undefined) as string | undefined;
  }

  get target(): string | undefined {
    return (this.json.target ?? undefined) as string | undefined;
  }

  get dataReleaseId(): string | undefined {
    return (this.json.data_release_id ?? undefined) as string | undefined;
  }

  get asnPool(): string | undefined {
    return (this.json.asn_pool ?? undefined) as string | undefined;
  }

  /**
   * The sky cell's WCS where the association carries it whole; undefined where it is absent or "none".
   * Throws UserError where it is there in part.
   */
  get skycellWcsInfo(): SkycellWcsInfo | undefined {
    const info = this.json.skycell_wcs_info;
    if (info === undefined || info === null || (typeof info === "string" && info.toLowerCase() === "none"))
      return undefined;
    const where = this.path ?? "association";
    const record = object(info, where, "skycell_wcs_info");
    if (typeof record.name !== "string")
      throw new UserError(`${where}: skycell_wcs_info.name: expected the sky cell's name`);
    for (const key of SKYCELL_NUMBERS) {
      const value = record[key];
      if (typeof value !== "number" || !Number.isFinite(value))
        throw new UserError(
          `${where}: skycell_wcs_info.${key}: expected a number, found ${JSON.stringify(value)}`,
        );
    }
    return record as unknown as SkycellWcsInfo;
  }

  /** Where a member lies: relative to the association's folder. */
  pathOf(member: AssociationMember): string {
    return this.path === undefined ? resolve(member.expname) : resolve(dirname(this.path), member.expname);
  }
}

function readMember(value: unknown, where: string, key: string): AssociationMember {
  const member = object(value, where, key);
  for (const name of ["expname", "exptype"]) {
    if (typeof member[name] !== "string" || member[name] === "")
      throw new UserError(
        `${where}: ${key}.${name}: expected a string, found ${JSON.stringify(member[name])}`,
      );
  }
  const groupId = optionalString(member.group_id, where, `${key}.group_id`);
  return { expname: member.expname as string, exptype: member.exptype as string, groupId };
}

function object(value: unknown, where: string, key: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UserError(`${where}: ${key}: expected an object`);
  return value as Json;
}

function optionalString(value: unknown, where: string, key: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string")
    throw new UserError(`${where}: ${key}: expected a string, found ${JSON.stringify(value)}`);
  return value;
}
