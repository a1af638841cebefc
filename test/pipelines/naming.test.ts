import { describe, expect, it } from "vitest";
import { folderOf, inputName, type NameOptions, resultPath } from "../../src/pipelines/naming.js";

const NONE: NameOptions = {
  output_dir: null,
  output_file: null,
  output_use_model: false,
  search_output_file: true,
  suffix: null,
};
const MODEL = "r0000101001001001001_0001_wfi01_f158_cal.asdf";
const alone = { ...NONE, defaultSuffix: "skymatchstep", input: "some/where/L3_asn.json" };
const inPipeline = { ...alone, defaultSuffix: "skymatch", parent: NONE };

describe("names of results, as romancal 1.0.1 wrote them", () => {
  it.each([
    [alone, { index: 0 }, "L3_asn_0_skymatchstep.asdf"],
    [inPipeline, { index: 2 }, "L3_asn_2_skymatch.asdf"],
    [
      { ...inPipeline, defaultSuffix: "outlier_detection" },
      { asnId: "a3001", index: 1 },
      "L3_asn_a3001_1_outlier_detection.asdf",
    ],
    [{ ...alone, defaultSuffix: "resamplestep" }, {}, "L3_asn_resamplestep.asdf"],
    [
      { ...alone, input: MODEL, defaultSuffix: "fluxstep" },
      {},
      "r0000101001001001001_0001_wfi01_f158_fluxstep.asdf",
    ],
    [{ ...alone, input: MODEL }, { index: 0 }, "r0000101001001001001_0001_wfi01_f158_0_skymatchstep.asdf"],
    [{ ...alone, input: MODEL, suffix: "cal" }, {}, "r0000101001001001001_0001_wfi01_f158_cal.asdf"],
    [{ ...alone, output_file: "out_name.asdf" }, { index: 1 }, "out_name_1_skymatchstep.asdf"],
    [{ ...alone, suffix: "sfx", output_dir: "dd" }, { index: 1 }, "dd/L3_asn_1_sfx.asdf"],
    [{ ...inPipeline, output_file: "sm.asdf" }, { index: 0 }, "sm_0_skymatch.asdf"],
    [
      { ...inPipeline, output_use_model: true, output_dir: "x" },
      { index: 0 },
      "x/r0000101001001001001_0001_wfi01_f158_skymatch.asdf",
    ],
    [
      { ...alone, search_output_file: false },
      { index: 0 },
      "r0000101001001001001_0001_wfi01_f158_skymatchstep.asdf",
    ],
    [
      { ...inPipeline, parent: { ...NONE, output_dir: "o1/o2" } },
      { index: 0 },
      "o1/o2/L3_asn_0_skymatch.asdf",
    ],
    [{ ...inPipeline, parent: { ...NONE, output_file: "p.asdf" } }, { index: 0 }, "p_0_skymatch.asdf"],
  ])("%#", (parts, components, path) => {
    expect(resultPath(parts, MODEL, components)).toBe(path);
  });

  it("take the model's name where there is no other, and drop the suffix of an earlier step", () => {
    expect(resultPath({ ...alone, input: undefined }, MODEL)).toMatch(/^r\w+_f158_skymatchstep\.asdf$/);
    for (const [name, base] of [
      ["a_outlierdetectionstep.asdf", "a_skymatchstep.asdf"],
      ["a-cal.asdf", "a-skymatchstep.asdf"],
      ["a_flux.asdf", "a_flux_skymatchstep.asdf"],
      ["cal.asdf", "cal_skymatchstep.asdf"],
    ])
      expect(resultPath({ ...alone, input: name }, MODEL), name).toBe(base);
  });
});

describe("folders of results", () => {
  it("output_dir, else that of output_file, else the pipeline's, with ~ and variables filled in", () => {
    process.env.ROMANCAL_TEST = "deep";
    expect(folderOf({ output_dir: "a/$ROMANCAL_TEST/${ROMANCAL_TEST}", output_file: "b/c" })).toBe(
      "a/deep/deep",
    );
    expect(folderOf({ output_dir: "~/x", output_file: null })).toMatch(/^\/.*\/x$/);
    expect(folderOf({ output_dir: "$NO_SUCH_VARIABLE", output_file: null })).toBe("$NO_SUCH_VARIABLE");
    expect(folderOf({ output_dir: null, output_file: "b/c" })).toBe("b");
    expect(folderOf({ output_dir: null, output_file: "c" }, { output_dir: "p", output_file: null })).toBe(
      "p",
    );
    expect(folderOf(NONE)).toBe(".");
  });

  it("results are called by the first input", () => {
    expect(inputName("a_asn.json")).toBe("a_asn.json");
    expect(inputName(["x_cal.asdf", "y_cal.asdf"])).toBe("x_cal.asdf");
  });
});
