import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { NdArray, withTag, writeAsdf } from "../../../src/host/asdf/index.js";
import { exposuresLine, flagLines, rangeLine, share } from "../../../src/host/describe/statistics.js";
import { angle, plainText, sexagesimal, short, wrap } from "../../../src/host/describe/words.js";
import { cli, fixture, scratch } from "../../helpers/cli.js";

const IMAGE = fixture("pole/r0000101001001001001_0001_wfi01_f158_cal.asdf");

describe("words", () => {
  it("spell positions, rounded without 60 seconds", () => {
    expect(sexagesimal(270, 66)).toBe(`18h00m00.00s +66°00'00.0"`);
    expect(sexagesimal(359.99999999, -0.00001)).toBe(`00h00m00.00s -00°00'00.0"`);
    expect(sexagesimal(10.6847083, -41.26875)).toBe(`00h42m44.33s -41°16'07.5"`);
  });

  it("choose units and digits", () => {
    expect([angle(0.0763), angle(0.00916), angle(2.5)]).toEqual(["4.58'", '33.0"', "2.50°"]);
    expect([short(0), short(0.00045), short(12.3456), short(1e7)]).toEqual([
      "0",
      "4.500e-4",
      "12.35",
      "1.000e+7",
    ]);
    expect([share(0, 7), share(7, 7), share(1, 1e6), share(999_999, 1e6), share(1, 3)]).toEqual([
      "0 %",
      "100 %",
      "< 0.01 %",
      "> 99.9 %",
      "33.3 %",
    ]);
    expect(wrap(["aa", "bb", "cc"], 7)).toEqual(["aa, bb,", "cc"]);
  });

  it("hold back what would steer a terminal", () => {
    expect(plainText("a\u001b[31mb\nc\u202ed")).toBe("a·[31mb·c·d");
  });
});

describe("ranges of values", () => {
  it("leave out what is not finite", async () => {
    expect(await rangeLine(NdArray.from(Float32Array.of(3, NaN, 1, 2, Infinity, 0)))).toBe(
      "0 to 3, median 2, 33.3 % not finite, 16.7 % zero",
    );
    expect(await rangeLine(NdArray.from(Float32Array.of(NaN)))).toBe("no finite values");
    expect(await rangeLine(NdArray.from(new Float32Array(0)))).toBe("empty");
  });

  it("count flags and exposures", async () => {
    expect(await flagLines(NdArray.from(Uint32Array.of(0, 1, 129, 2 ** 31)))).toEqual([
      "25 % without a flag",
      "DO_NOT_USE 50 %",
      "OUTLIER 25 %",
      "REFERENCE_PIXEL 25 %",
    ]);
    const context = NdArray.from(Uint32Array.of(0, 0xffffffff, 5, 0, 1, 0), [2, 1, 3]);
    expect(await exposuresLine(context)).toBe(
      "0 to 33 exposures a pixel, median 2, 33.3 % of pixels without any",
    );
  });
});

describe("info of a Roman file", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await scratch();
  });

  it("fits a screen and says what matters", async () => {
    const { code, out } = await cli("info", IMAGE);
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n").length).toBeLessThanOrEqual(24);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(out).toContain("_cal.asdf (561 kB): a calibrated image (L2, _cal)");
    expect(out).toContain(`23h59m59.88s +89°12'00.0" (359.99950 +89.20000) ICRS`);
    expect(out).toContain("WFI01, filter F158, 256 × 256 pixels");
    expect(out).toContain("2027-06-01 00:03:00 UTC, 139.1 s");
    expect(out).toContain("DN/s, 1 DN/s is 0.7728 MJy/sr");
    expect(out).toContain("not run: flux, outlier_detection, skymatch, source_catalog");
    expect(out).not.toContain("-999999");
  });

  it("reads the arrays for --stats, and prints the tree for --tree", async () => {
    const stats = await cli("info", "--stats", IMAGE);
    expect(stats.out).toMatch(
      /data +float32 +256 × 256 +0\.1171 to 71\.59, median 0\.3341, 0\.023 % not finite/,
    );
    expect(stats.out).toContain("DO_NOT_USE 0.046 %");
    const tree = await cli("info", "--tree", IMAGE);
    expect(tree.out).toContain("└─roman <asdf://stsci.edu/datamodels/roman/tags/wfi_image");
  });

  it("tells of skymaps and references", async () => {
    const { out } = await cli("info", fixture("associations/skymap_subset.asdf"));
    expect(out).toContain(`5000 × 5000 pixels of 0.055", 4.58' a side, border 100 pixels`);
    expect(out).toContain("skycells: 339 rows");
    const { out: apcorr } = await cli("info", fixture("references/apcorr.asdf"));
    expect(apcorr).toContain("a reference file, APCORR");
  });

  it("does with next to nothing, and with a damaged array", async () => {
    const path = join(folder, "bare.asdf");
    const tag = "asdf://stsci.edu/datamodels/roman/tags/wfi_image-2.0.0";
    await writeAsdf(path, { roman: withTag(tag, { meta: { exposure: 3, cal_step: [] } }) });
    const bare = await cli("info", "--stats", path);
    expect(bare).toMatchObject({ code: 0, err: "" });
    expect(bare.out).toContain("no WCS");
    const damaged = join(folder, "damaged.asdf");
    await copyFile(IMAGE, damaged);
    const bytes = await readFile(damaged);
    bytes.fill(255, 60_000, 60_400);
    await writeFile(damaged, bytes);
    const outcome = await cli("info", "--stats", damaged);
    expect(outcome.code).toBe(0);
    expect(outcome.out).toMatch(/data +float32 +256 × 256 .*(damaged|checksum)/);
  });

  it("prints the tree of other ASDF files", async () => {
    const { out } = await cli("info", fixture("asdf-standard/1.6.0/basic.asdf"));
    expect(out).toMatch(/^root/m);
  });
});
