import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type AsdfMap, openAsdf, withTag, writeAsdf } from "../../src/host/asdf/index.js";
import { DEVICE, REFERENCES, cli, filesIn, fixture, scratch } from "../helpers/cli.js";

// each run opens the device anew; SwiftShader compiles all kernels in about a minute on two cores
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const FIRST = "r0000101001001001001_0001_wfi01_f158_cal.asdf";
const SECOND = "r0000101001001001001_0002_wfi01_f158_cal.asdf";
const TAGS = "asdf://stsci.edu/datamodels/roman/tags";

let folder: string;

beforeEach(async () => {
  folder = await scratch();
  for (const name of [FIRST, SECOND]) await copyFile(fixture(`bundled/${name}`), join(folder, name));
});

async function association(members: string[] = [FIRST, SECOND], more: object = {}): Promise<string> {
  const path = join(folder, "L3_asn.json");
  const list = members.map((expname) => ({ expname, exptype: "science" }));
  const products = [{ name: "product", members: list }];
  await writeFile(path, JSON.stringify({ target: "270p66x50y50", products, ...more }));
  return path;
}

/** Rewrites the second exposure with its `roman` node changed. */
async function changed(change: (roman: AsdfMap) => AsdfMap | undefined): Promise<void> {
  const file = await openAsdf(join(folder, FIRST));
  const roman = file.tree.roman as AsdfMap;
  const tree = { roman: change(roman) ?? roman };
  await writeAsdf(join(folder, SECOND), tree, { compression: "lz4" });
  await file.close();
}

const meta = (roman: AsdfMap, group: string): AsdfMap => (roman.meta as AsdfMap)[group] as AsdfMap;

/** The run fails with one line that matches, and leaves no product. */
async function refused(message: RegExp, asn: string, words: string[] = REFERENCES): Promise<void> {
  const out = join(folder, "out");
  const outcome = await cli("roman_mos", asn, `--output_dir=${out}`, DEVICE, ...words);
  expect(outcome.err).toMatch(/^(warning: [^\n]+\n)*romancal-webgpu: [^\n]+\n$/);
  expect(outcome.err).toMatch(message);
  expect(outcome.code).toBe(1);
  expect(await filesIn(out)).toEqual([]);
}

describe("input that cannot become a mosaic", () => {
  it("a missing association", () =>
    refused(/nowhere_asn\.json: cannot read/, join(folder, "nowhere_asn.json")));

  it("a missing member", async () =>
    refused(/L3_asn\.json: member gone_cal\.asdf is missing/, await association([FIRST, "gone_cal.asdf"])));

  it("a file of another format", async () => {
    await writeFile(join(folder, SECOND), "SIMPLE  =                    T");
    await refused(/0002_wfi01_f158_cal\.asdf.*ASDF/, await association());
  });

  it("an ASDF file that is not Roman's", async () => {
    await writeAsdf(join(folder, SECOND), { hello: 1 });
    await refused(/0002.*: not a Roman file: its tree has no key "roman"/, await association());
  });

  it("a truncated file", async () => {
    const bytes = await readFile(join(folder, SECOND));
    await writeFile(join(folder, SECOND), bytes.subarray(0, 400_000));
    await refused(/0002/, await association());
  });

  it("a damaged block", async () => {
    const bytes = await readFile(join(folder, SECOND));
    bytes.fill(0x55, 300_000, 300_400);
    await writeFile(join(folder, SECOND), bytes);
    await refused(/0002/, await association());
  });

  it.each([
    ["wfi_science_raw-2.0.0", /an uncalibrated ramp \(L1, _uncal\)/],
    ["wfi_mosaic-2.0.0", /a mosaic \(L3/],
    ["image_source_catalog-2.0.0", /a catalog of an image/],
  ])("a product that is no calibrated image: %s", async (tag, words) => {
    await changed((roman) => withTag(`${TAGS}/${tag}`, { ...roman }));
    await refused(/0002.*: expected a calibrated image \(L2, _cal\), found/, await association());
    await refused(words, await association());
  });

  it.each(["PRISM", "GRISM"])("a %s exposure", async (element) => {
    await changed((roman) => void (meta(roman, "instrument").optical_element = element));
    await refused(new RegExp(`0002.*: a ${element} exposure .*cannot go into a mosaic`), await association());
  });

  it.each([
    ["photometry", "conversion_megajanskys", "a number"],
    ["exposure", "start_time", "a time"],
    ["exposure", "end_time", "a time"],
    ["exposure", "effective_exposure_time", "a number"],
    ["instrument", "optical_element", "a string"],
  ])("an exposure without %s.%s", async (group, key, expected) => {
    await changed((roman) => void Reflect.deleteProperty(meta(roman, group), key));
    const where = `0002.*: roman\\.meta\\.${group}\\.${key} is missing; expected ${expected}`;
    await refused(new RegExp(where), await association());
  });

  it("an exposure without a WCS", async () => {
    await changed((roman) => void ((roman.meta as AsdfMap).wcs = null));
    await refused(/0002.*: roman\.meta\.wcs is missing/, await association());
  });

  it("an exposure without DQ", async () => {
    await changed((roman) => void delete roman.dq);
    await refused(/roman\.dq is missing/, await association());
  });

  it("an association that names a sky cell, without a skymap", async () => {
    vi.stubEnv("SKYMAP_PATH", "");
    try {
      await refused(
        /sky cell 270p66x50y50, but no skymap was given/,
        await association(),
        REFERENCES.slice(1),
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("a sky cell that the skymap lacks", async () =>
    refused(
      /skymap_bundled\.asdf: no sky cell 000p00x00y00/,
      await association(undefined, { target: "000p00x00y00" }),
    ));

  it("missing and mistaken references", async () => {
    const asn = await association();
    const apcorr = "--steps.source_catalog.override_apcorr=";
    const skymap = REFERENCES.slice(0, 1);
    await refused(/no aperture correction reference/, asn, skymap);
    await refused(/gone\.asdf: no such file/, asn, [...skymap, `${apcorr}${join(folder, "gone.asdf")}`]);
    await refused(/epsf\.asdf: expected a reference file of type apcorr, found a file of type epsf/, asn, [
      ...skymap,
      `${apcorr}${fixture("references/epsf.asdf")}`,
    ]);
  });

  it("a folder that cannot be written to", async () => {
    const asn = await association();
    const { code, err } = await cli(
      "roman_mos",
      asn,
      `--output_dir=${join(folder, FIRST)}/out`,
      DEVICE,
      ...REFERENCES,
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^romancal-webgpu: .*cannot write there \(ENOTDIR\)[^\n]*\n$/);
  });
});

describe("input that is only unusual", () => {
  it("different filters: a warning and a mosaic", async () => {
    await changed((roman) => void (meta(roman, "instrument").optical_element = "F184"));
    const out = join(folder, "out");
    const { code, err } = await cli(
      "roman_mos",
      await association(),
      `--output_dir=${out}`,
      DEVICE,
      ...REFERENCES,
    );
    expect(err).toMatch(/warning: the exposures were taken through different filters \(F158, F184\)/);
    expect(code).toBe(0);
    expect(await filesIn(out)).toEqual(
      ["cat.asdf", "cat.parquet", "i2d.asdf", "segm.asdf"].map((s) => `product_${s}`),
    );
  });
});

describe("folders of products", () => {
  it.each(["/proc/romancal-webgpu", "/dev/null/out", fixture("bundled/L3_asn.json")])(
    "%s cannot be made, and is told at once",
    async (out) => {
      const { code, err } = await cli(
        "roman_mos",
        await association(),
        `--output_dir=${out}`,
        DEVICE,
        ...REFERENCES,
      );
      expect(code).toBe(1);
      expect(err).toMatch(
        /^romancal-webgpu: [^\n]*: cannot write there \(\w+\); choose another --output_dir\n$/,
      );
    },
  );
});

describe("results that would do harm", () => {
  it("are not written over the files they are made from", async () => {
    const words = ["--output_use_model", "--suffix=cal", `--output_dir=${folder}`, DEVICE];
    const before = await readFile(join(folder, FIRST));
    const { code, err } = await cli("flux", await association(), ...words);
    expect(code).toBe(1);
    expect(err).toMatch(
      /0001_wfi01_f158_cal\.asdf: would be overwritten .* choose another --suffix or --output_dir\n$/,
    );
    expect((await readFile(join(folder, FIRST))).equals(before)).toBe(true);
  });

  it("are not begun where memory cannot hold the mosaic", async () => {
    const words = ["--output_shape=1000000,1000000", "--resample_on_skycell=false"];
    const { code, err } = await cli(
      "resample",
      await association(),
      `--output_dir=${folder}/out`,
      DEVICE,
      ...words,
    );
    expect(code).toBe(1);
    expect(err).toMatch(
      /^romancal-webgpu: resample: a mosaic of 1000000 x 1000000 pixels needs \d+ GB, more than/m,
    );
  });
});
