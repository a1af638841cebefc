import { describe, expect, it } from "vitest";
import { cli, fixture, REFERENCES } from "../helpers/cli.js";

const asn = fixture("bundled/L3_asn.json");

/** One line, no stack, code other than 0. */
async function refused(...words: string[]): Promise<string> {
  const { code, out, err } = await cli(...words);
  expect(code).not.toBe(0);
  expect(out).toBe("");
  expect(err).toMatch(/^romancal-webgpu: [^\n]+\n$/);
  return err;
}

describe("words that are not understood", () => {
  it.each([
    ["--steps.resample.pixfra=1", /--steps\.resample\.pixfra.*pixfrac/s],
    ["--steps.resmple.pixfrac=1", /--steps\.resmple: no such step \(did you mean --steps\.resample\?\)/],
    ["--steps.resample.nosuchthing=1", /--steps\.resample\.nosuchthing: no such option of resample/],
    ["--steps.resample.pixfrac=wide", /--steps\.resample\.pixfrac=wide: expected a number/],
    ["--steps.source_catalog.npixels=2.5", /--steps\.source_catalog\.npixels=2\.5: expected an integer/],
    ["--steps.skymatch.nclip=-1", /--steps\.skymatch\.nclip=-1: expected at least 0/],
    ["--steps.skymatch.skymethod=best", /skymethod=best: expected one of local, global, match/],
    ["--steps.skymatch.match_down=perhaps", /match_down=perhaps: expected true or false/],
    ["--steps.resample.pixmap_order=2", /pixmap_order=2: expected one of 1, 3/],
    ["--steps.resample.pixmap_order=4", /pixmap_order=4: expected one of 1, 3/],
    ["--steps.resample.kernel=tophat", /kernel=tophat: expected one of square, gaussian, point/],
    ["--steps.resample.pixfrac=1.5", /pixfrac=1\.5: expected at most 1/],
    ["--steps.resample.fillval=none", /resample\.fillval="none": expected a number/],
    ["--steps.resample.weight_type=flat", /weight_type=flat: expected one of ivm, exptime, ivm-sky, None/],
    ["--steps.resample.pixmap_stepsize=0", /pixmap_stepsize=0: expected at least 1/],
    ["--steps.outlier_detection.kernel=SQUARE", /kernel=SQUARE: expected one of square/],
    ["--steps.resample.output_shape=100", /output_shape=100: expected 2 numbers/],
    [
      "--steps.resample.good_bits=~NO_SUCH_FLAG",
      /--steps\.resample\.good_bits=.*"NO_SUCH_FLAG" is not a flag/,
    ],
    ["--steps.resample.crval=1,95", /--steps\.resample\.crval=1,95: expected a declination/],
    ["--steps.resample.pixel_scale=0", /--steps\.resample\.pixel_scale=0: expected more than 0/],
    [
      "--steps.resample.skip",
      /--steps\.resample\.skip: without resample there is no mosaic .* skip source_catalog/,
    ],
    ["--steps.outlier_detection.snr=five", /outlier_detection\.snr=five: expected two numbers/],
    ["--save_suffix=a/b", /--save_suffix=a\/b/],
    ["--output_ext=.fits", /--output_ext=\.fits: expected one of \.asdf, asdf/],
    ["--steps.skymatch.suffix=a/b", /--steps\.skymatch\.suffix=a\/b: expected letters/],
    ["--steps.skymatch.skip=y", /--steps\.skymatch\.skip=y: expected true or false/],
    ["--steps.skymatch.lower=0x10", /--steps\.skymatch\.lower=0x10: expected a number/],
    ["--steps.resample.output_shape=[1,2]", /output_shape=\[1,2\]: expected an integer/],
    ["--device=abacus", /--device.*abacus.*swiftshader/s],
    ["--outptu_dir=x", /--outptu_dir.*output_dir/s],
  ])("%s is refused by name", async (word, message) => {
    expect(await refused("roman_mos", asn, ...REFERENCES, word)).toMatch(message);
  });

  it("suggests the nearest command", async () => {
    expect(await refused("roman_mso", asn)).toMatch(/roman_mos/);
  });

  it("needs an input", async () => {
    expect(await refused("roman_mos")).toMatch(/input/);
  });
});

describe("help", () => {
  it("lists every option of the pipeline and its steps with type, default and meaning", async () => {
    const { ROMAN_MOS, STEPS } = await import("../../src/pipelines/options.js");
    const { code, out } = await cli("--help", "roman_mos");
    expect(code).toBe(0);
    const text = out.replace(/\s+/g, " ");
    for (const [step, spec] of Object.entries({ "": ROMAN_MOS, ...STEPS })) {
      for (const [name, option] of Object.entries(spec)) {
        const flag = step ? `--steps.${step}.${name}` : `--${name}`;
        const type = option.type === "boolean" ? "[boolean]" : `<${option.type}>`;
        expect(text).toContain(`${flag} ${type} ${option.help}`);
      }
    }
    expect(text).toMatch(/--steps\.resample\.pixel_scale_ratio <float> [^-]+ \(more than 0; default: 1\)/);
  });

  it("is printed where there is nothing to do", async () => {
    const { code, out } = await cli();
    expect(code).toBe(0);
    expect(out).toMatch(/roman_mos.*devices.*info/s);
  });
});
