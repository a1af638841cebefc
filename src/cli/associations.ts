import { access } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Command, Option as Flag } from "commander";
import {
  PRODUCT_TYPES,
  type ProductType,
  makeAssociation,
  pythonJson,
  skycellAssociations,
} from "../host/associations/index.js";
import { Skymap, UserError, writeProducts } from "../host/models/index.js";

const RULE = "DMS_ELPP_Base";

interface ListWords {
  readonly outputFile: string;
  readonly productName: string;
  readonly dataReleaseId: string;
  readonly target: string;
  readonly psfMatchReferenceFilter?: string;
}

interface SkycellWords {
  readonly outputFileRoot: string;
  readonly productType: ProductType;
  readonly dataReleaseId: string;
  readonly skymap?: string;
}

/** `asn_from_list` and `skycell_asn`, with the options of romancal 1.0.1's commands of these names. */
export function addAssociationCommands(program: Command): void {
  program
    .command("asn_from_list")
    .description("write an association of the files given")
    .argument("<file...>", "exposures, as the association is to spell them: relative to its folder")
    .requiredOption("-o, --output-file <file>", "association to write")
    .requiredOption("--product-name <name>", "name of the product: what the mosaic's file name begins with")
    .option("-t, --target <cell>", "sky cell whose grid the mosaic is made on", "None")
    .option("--data-release-id <word>", "data release", "p")
    .option("--psf-match-reference-filter <filter>", "reference filter of romancal's multiband catalogs")
    .addOption(ruleFlag())
    .option("-i, --id <word>", "association candidate id (no effect, as in romancal)", "o999")
    .action((files: string[], words: ListWords) => asnFromList(files, words));
  program
    .command("skycell_asn")
    .description("find the sky cells that exposures touch and write an association for each")
    .argument("<file...>", "exposures (_cal.asdf)")
    .requiredOption("-o, --output-file-root <root>", "what the associations' names begin with, e.g. r00001")
    .option("--skymap <file>", "skymap reference file (default: the environment's SKYMAP_PATH)")
    .addOption(
      new Flag("--product-type <type>", "exposures of one visit, pass or program (full) go together")
        .choices([...PRODUCT_TYPES])
        .default("visit")
        .argParser((word) => productType(word)),
    )
    .option("--data-release-id <word>", "data release", "p")
    .addOption(
      new Flag("-f, --format <word>", "format of the associations").choices(["json"]).default("json"),
    )
    .addOption(ruleFlag())
    .option("-i, --id <word>", "association candidate id (no effect, as in romancal)", "o999")
    .action((files: string[], words: SkycellWords) => skycellAsn(files, words));
}

function ruleFlag(): Flag {
  return new Flag("-r, --rule <rule>", "rule of the association").choices([RULE]).default(RULE);
}

function productType(word: string): ProductType {
  const found = PRODUCT_TYPES.find((type) => type === word.toLowerCase());
  if (!found) throw new UserError(`--product-type=${word}: expected one of ${PRODUCT_TYPES.join(", ")}`);
  return found;
}

async function asnFromList(files: readonly string[], words: ListWords): Promise<void> {
  if (words.productName === "") throw new UserError("--product-name: expected a name");
  const association = makeAssociation({ ...words, members: files });
  const content = Buffer.from(pythonJson(association));
  await writeProducts([{ path: words.outputFile, content }]);
  for (const file of files) await warnIfMissing(file, words.outputFile);
  process.stdout.write(`${words.outputFile}: ${count(files.length, "exposure")}\n`);
}

/** Members are looked up in the association's folder: the user learns now, not when the pipeline runs. */
async function warnIfMissing(member: string, association: string): Promise<void> {
  const path = resolve(dirname(association), member);
  await access(path).catch(() => warn(`${member}: no such file beside the association (${path})`));
}

async function skycellAsn(files: readonly string[], words: SkycellWords): Promise<void> {
  const path = words.skymap ?? (process.env.SKYMAP_PATH || undefined);
  if (path === undefined)
    throw new UserError(
      "skycell_asn: no skymap: name one with --skymap=FILE or in the environment's SKYMAP_PATH",
    );
  const skymap = await Skymap.open(path);
  try {
    const { outputFileRoot: root, productType, dataReleaseId } = words;
    const made = await skycellAssociations(files, skymap, { root, productType, dataReleaseId, warn });
    if (made.length === 0)
      throw new UserError(
        `${path}: none of the exposures touches a sky cell of this skymap; nothing is written`,
      );
    await writeProducts(made.map((one) => ({ path: one.path, content: Buffer.from(one.text) })));
    const lines = made.map((one) => `${one.path}: ${count(one.members, "exposure")}`);
    process.stdout.write(`${lines.join("\n")}\n${count(made.length, "association")}\n`);
  } finally {
    await skymap.close();
  }
}

function warn(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
