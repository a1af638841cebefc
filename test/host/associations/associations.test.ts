import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  SkycellMatcher,
  footprintOf,
  makeAssociation,
  pythonJson,
  skycellAssociations,
} from "../../../src/host/associations/index.js";
import { groupKeyOf, level3Name, visitIdOf } from "../../../src/host/associations/names.js";
import { Skymap } from "../../../src/host/models/index.js";
import { makeFitsImagingWcs, rotationMatrixOfRoll } from "../../../src/host/wcs/index.js";
import { fixture } from "../../helpers/cli.js";

interface Match {
  readonly pointing: readonly [ra: number, dec: number, angle: number];
  readonly skycells: readonly string[];
}

const SIZE = 4088;

/** The detector that tools/oracle/associations.py points. */
function footprintAt([ra, dec, angle]: Match["pointing"]): ReturnType<typeof footprintOf> {
  const middle = SIZE / 2 - 0.5;
  const wcs = makeFitsImagingWcs({
    crpix: [middle, middle],
    crval: [ra, dec],
    cdelt: [0.11 / 3600, 0.11 / 3600],
    pc: rotationMatrixOfRoll((angle * Math.PI) / 180, 0, 1),
    boundingBox: [
      [-0.5, SIZE - 0.5],
      [-0.5, SIZE - 0.5],
    ],
    arrayShape: [SIZE, SIZE],
  });
  return footprintOf(wcs, "pointing");
}

describe("matching of sky cells", () => {
  it.each(["subset", "sky"])("finds romancal's: %s", async (name) => {
    const goldens = JSON.parse(await readFile(fixture("associations/matches.json"), "utf8")) as Record<
      string,
      Match[]
    >;
    const skymap = await Skymap.open(fixture(`associations/skymap_${name}.asdf`));
    const matcher = new SkycellMatcher(skymap);
    for (const { pointing, skycells } of goldens[name]) {
      const rows = await matcher.find(footprintAt(pointing));
      const names = await Promise.all(rows.map(async (row) => (await skymap.cellAt(row)).name));
      expect({ pointing, skycells: names }).toEqual({ pointing, skycells });
    }
    await skymap.close();
  });

  it("finds nothing where the skymap has nothing", async () => {
    const skymap = await Skymap.open(fixture("associations/skymap_subset.asdf"));
    expect(await new SkycellMatcher(skymap).find(footprintAt([100, -30, 0]))).toEqual([]);
    await skymap.close();
  });
});

describe("names", () => {
  it("take the visit from the file's name", () => {
    expect(visitIdOf("/some.dir/r0000101001002003004_0001_wfi01_f158_cal.asdf")).toBe("0000101001002003004");
    expect(visitIdOf("image.asdf")).toBe("image");
    const visit = "0000101002003004005";
    const name = (type: "visit" | "daily" | "pass" | "full" | "user"): string =>
      level3Name("r00001", "p", type, visit, "cell", "f158");
    expect(name("visit")).toBe("r00001_p_v01002003004005_cell_f158");
    expect(name("daily")).toBe("r00001_p_d01002003_cell_f158");
    expect(name("pass")).toBe("r00001_p_p01002_cell_f158");
    expect(name("full")).toBe("r00001_p_full_cell_f158");
    expect(name("user")).toBe("r00001_p_user_cell_f158");
  });

  it("group exposures by visit, pass and program", () => {
    const file = "r0000101002003004005_0001_wfi01_f158_cal.asdf";
    expect(groupKeyOf(file, "visit")).toBe("0000101002003004005");
    expect(groupKeyOf(file, "pass")).toBe("0000101002");
    expect(groupKeyOf(file, "full")).toBe("00001");
  });
});

describe("Python's JSON", () => {
  it("spells floats, integers and letters as json.dumps does", () => {
    const value = { a: [1.5, 2, 3n, 1e-7, 1e22, -0], "é\u007f\n😀": null, empty: [], none: {} };
    expect(pythonJson(value)).toBe(
      '{\n    "a": [\n        1.5,\n        2.0,\n        3,\n        1e-07,\n        1e+22,\n        -0.0\n    ],\n' +
        '    "\\u00e9\u007f\\n\\ud83d\\ude00": null,\n    "empty": [],\n    "none": {}\n}',
    );
  });
});

/** Ours carries this package's version. */
const unversioned = (text: string): string => text.replace(/"code_version": "[^"]+"/, '"code_version": "V"');

describe("associations, byte for byte", () => {
  it("of a list", async () => {
    for (const [name, parts] of Object.entries({
      plain: { productName: "P", members: ["a_cal.asdf", "b_cal.asdf"], target: "None" },
      target: {
        productName: "r1_é",
        members: ['dir/Größe "x".asdf'],
        target: "270p65x48y69",
        dataReleaseId: "r1",
        psfMatchReferenceFilter: "f158",
      },
    })) {
      const golden = await readFile(fixture(`associations/list_${name}.json`), "utf8");
      expect(unversioned(pythonJson(makeAssociation(parts)))).toBe(unversioned(golden));
    }
  });

  it.each(["r00001", "some/folder/r1"])("refuse what is no exposure (root %s)", async (root) => {
    const skymap = await Skymap.open(fixture("references/skymap_bundled.asdf"));
    await expect(skycellAssociations(["gone_cal.asdf"], skymap, { root })).rejects.toThrow(
      "gone_cal.asdf: no such file",
    );
    const file = fixture("references/apcorr.asdf");
    await expect(skycellAssociations([file], skymap, { root })).rejects.toThrow(/apcorr\.asdf: roman\.meta/);
    await skymap.close();
  });
});
