import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/index.js";
import { resolve } from "../../src/pipelines/option_types.js";
import { ROMAN_MOS, STEPS } from "../../src/pipelines/options.js";
import { fixture } from "../helpers/cli.js";

type Words = Readonly<Record<string, unknown>>;
/** stpipe's own, of romancal 1.0.1: tools/oracle/option_values.py */
const STPIPE = JSON.parse(readFileSync(fixture("options/values.json"), "utf8")) as Readonly<
  Record<string, Readonly<Record<string, readonly [type: string, words: Words]>>>
>;

const notFinite = (value: unknown): boolean => ["nan", "inf", "-inf"].includes(value as string);
const notPositive = (value: unknown): boolean => notFinite(value) || !((value as number) > 0);
const notANumber = (value: unknown): boolean => value === "nan";
const belowOne = (value: unknown): boolean => !((value as number) >= 1 || value === "inf");

/** What stpipe takes, and romancal's steps then fail at or make nothing of: refused here; docs/differences.md. */
const STRICTER: Readonly<Record<string, (value: unknown) => boolean>> = {
  output_ext: (value) => value !== ".asdf" && value !== "asdf",
  suffix: (value) => value === "a/b" || String(value).startsWith("."),
  dqbits: () => true,
  good_bits: () => true,
  stepsize: belowOne,
  lsigma: notANumber,
  usigma: notANumber,
  binwidth: notANumber,
  pixfrac: (value) => !((value as number) >= 0 && (value as number) <= 1),
  kernel: () => true,
  snr: () => true,
  scale: () => true,
  pixmap_stepsize: belowOne,
  pixmap_order: (value) => value === 2,
  output_shape: (value) => (value as number[])[0] < 1,
  crpix: (value) => (value as unknown[]).some(notFinite),
  crval: (value) => (value as unknown[]).some(notFinite),
  rotation: notFinite,
  pixel_scale: notPositive,
  pixel_scale_ratio: notPositive,
  bkg_boxsize: belowOne,
  npixels: belowOne,
  kernel_fwhm: notPositive,
};

function ours(runner: string, option: string, word: string): unknown {
  const spec = runner === "roman_mos" ? ROMAN_MOS : STEPS[runner as keyof typeof STEPS];
  try {
    const value = (resolve(spec, { [option]: word }, "--") as Words)[option];
    const spell = (one: unknown): unknown =>
      typeof one === "number" && !Number.isFinite(one)
        ? String(one).replace("Infinity", "inf").toLowerCase()
        : one;
    return Array.isArray(value) ? value.map(spell) : (spell(value) ?? "None");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(new RegExp(`^--${option}=.*: expected `));
    return null;
  }
}

describe("the words of stpipe's options", () => {
  it.each(Object.keys(STPIPE))("%s: every option, with type, and what becomes of words", (runner) => {
    const spec = runner === "roman_mos" ? ROMAN_MOS : STEPS[runner as keyof typeof STEPS];
    for (const [option, [type, words]] of Object.entries(STPIPE[runner])) {
      expect(spec, option).toHaveProperty(option);
      expect((spec as Record<string, { type: string }>)[option].type, option).toBe(type);
      for (const [word, value] of Object.entries(words)) {
        const refused = value === null || STRICTER[option]?.(value) === true;
        expect(ours(runner, option, word), `${runner}.${option}=${word}`).toEqual(refused ? null : value);
      }
    }
  });
});
