import { copyFile, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cli, filesIn, fixture, scratch } from "../helpers/cli.js";

const unversioned = (text: string): string => text.replace(/"code_version": "[^"]+"/, '"code_version": "V"');
const SKYMAP = `--skymap=${fixture("references/skymap_bundled.asdf")}`;
const here = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await scratch();
  process.chdir(folder);
});
afterEach(() => process.chdir(here));

describe("asn_from_list", () => {
  it("writes what romancal writes for the same words", async () => {
    const cases = JSON.parse(await readFile(fixture("associations/list_words.json"), "utf8")) as Record<
      string,
      string[]
    >;
    for (const [name, words] of Object.entries(cases)) {
      const { code } = await cli("asn_from_list", "-o", "out.json", ...words);
      expect(code).toBe(0);
      const golden = await readFile(fixture(`associations/list_${name}.json`), "utf8");
      expect(unversioned(await readFile("out.json", "utf8"))).toBe(unversioned(golden));
    }
  });

  it("warns of members that are not there", async () => {
    const words = ["-o", "sub/asn.json", "--product-name", "P"];
    const { code, err } = await cli("asn_from_list", ...words, "a_cal.asdf");
    expect(code).toBe(0);
    expect(err).toMatch(
      /^warning: a_cal\.asdf: no such file beside the association \(.*sub.a_cal\.asdf\)\n$/,
    );
  });

  it("refuses without a product name or with another rule", async () => {
    const missing = await cli("asn_from_list", "-o", "asn.json", "a.asdf");
    expect(missing).toMatchObject({ code: 2, out: "" });
    expect(missing.err).toMatch(/--product-name/);
    const rule = await cli(
      "asn_from_list",
      "-o",
      "asn.json",
      "--product-name=P",
      "-r",
      "Asn_Lv2Image",
      "a.asdf",
    );
    expect(rule.code).toBe(2);
    expect(rule.err).toMatch(/Allowed choices are DMS_ELPP_Base/);
    expect(await filesIn(folder)).toEqual([]);
  });
});

describe("skycell_asn", () => {
  it("writes romancal's associations for visits, passes and programs", async () => {
    const { names, cases } = JSON.parse(await readFile(fixture("associations/skycells.json"), "utf8")) as {
      names: string[];
      cases: { product_type: string; files: Record<string, string> }[];
    };
    const images = (await readdir(fixture("bundled"))).filter((name) => name.endsWith("_cal.asdf")).sort();
    for (const [i, name] of names.entries()) await copyFile(fixture(`bundled/${images[i]}`), name);
    for (const { product_type, files } of cases) {
      const root = `${product_type}/r00001`;
      const { code, out } = await cli(
        "skycell_asn",
        "-o",
        root,
        SKYMAP,
        `--product-type=${product_type}`,
        ...names,
      );
      expect(code).toBe(0);
      expect(out).toContain(`${Object.keys(files).length} association`);
      expect(await filesIn(product_type)).toEqual(Object.keys(files).sort());
      for (const [name, golden] of Object.entries(files)) {
        const text = await readFile(join(product_type, name), "utf8");
        // the product's name begins with the root, folder and all, as romancal's does
        expect(unversioned(text.replace(`"name": "${root}`, '"name": "r00001'))).toBe(unversioned(golden));
      }
    }
  });

  it("says where the skymap has no cell, or is none", async () => {
    const image = fixture("pole/r0000101001001001001_0001_wfi01_f158_cal.asdf");
    const outside = await cli("skycell_asn", "-o", "r1", SKYMAP, image);
    expect(outside.code).toBe(1);
    expect(outside.err).toMatch(
      /none of the exposures touches a sky cell of this skymap; nothing is written/,
    );
    const none = await cli("skycell_asn", "-o", "r1", image);
    expect(none.err).toMatch(/no skymap: name one with --skymap=FILE/);
    const wrong = await cli("skycell_asn", "-o", "r1", `--skymap=${image}`, image);
    expect(wrong.err).toMatch(/expected a skymap/);
    const type = await cli("skycell_asn", "-o", "r1", SKYMAP, "--product-type=week", image);
    expect(type).toMatchObject({ code: 1 });
    expect(type.err).toMatch(/--product-type=week: expected one of visit, daily, pass, full, user/);
    expect(await filesIn(folder)).toEqual([]);
  });
});
