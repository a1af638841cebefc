import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { PIXEL, badBits, interpretBitFlags } from "../../../src/host/models/dqflags.js";

/** astropy 7.2.3 interpret_bit_flags(text, flag_name_map=roman_datamodels.dqflags.pixel); "error": it raises. */
const GOLDEN: [string | number | null, number | null | "error"][] = [
  ["~DO_NOT_USE", -2],
  ["DO_NOT_USE", 1],
  ["do_not_use", "error"],
  ["4,8", 12],
  ["4+8", 12],
  ["4|8", 12],
  ["~4,8", -13],
  ["~4+8", -13],
  ["~(4+8)", -13],
  ["(4,8)", 12],
  ["((4+8))", 12],
  ["~ ( 4 , 8 )", -13],
  ["~(DO_NOT_USE+NON_SCIENCE)", -514],
  ["~DO_NOT_USE+NON_SCIENCE", -514],
  ["DO_NOT_USE|HOT", 2049],
  ["HOT,WARM", 6144],
  ["GOOD", 0],
  ["0", 0],
  ["~0", -1],
  ["7", 7],
  ["~7", -8],
  ["1073741824", 1073741824],
  ["2147483648", 2147483648],
  ["~2147483648", -2147483649],
  ["REFERENCE_PIXEL", 2147483648],
  ["None", null],
  ["none", null],
  ["INDEF", null],
  ["", null],
  ["  ", null],
  [" ~DO_NOT_USE ", -2],
  ["4,4,8", 12],
  ["GOOD+HOT", "error"],
  ["4+~8", "error"],
  ["4,8+16", "error"],
  ["3,4", "error"],
  ["(4", "error"],
  ["4)", "error"],
  ["(4)+8", "error"],
  ["~", "error"],
  ["~()", "error"],
  ["FOO", "error"],
  ["4,HOT", "error"],
  ["HOT,4", "error"],
  ["-2", -2],
  ["+4", "error"],
  ["4,,8", "error"],
  ["0x4", "error"],
  ["4.0", "error"],
  ["~~4", "error"],
  [5, 5],
  [0, 0],
  [-2, -2],
  [null, null],
  ["0,4", "error"],
  ["DO_NOT_USE+", "error"],
];

describe("interpretBitFlags", () => {
  it.each(GOLDEN)("%j gives %j as astropy does", (flags, expected) => {
    if (expected === "error") expect(() => interpretBitFlags(flags)).toThrow(UserError);
    else expect(interpretBitFlags(flags)).toBe(expected);
  });

  it("names the text it cannot read", () => {
    expect(() => interpretBitFlags("~DO_NOT_USED")).toThrow(/"~DO_NOT_USED"/);
  });
});

describe("badBits", () => {
  it("is what (dq & bad) != 0 looks at", () => {
    expect(badBits("~DO_NOT_USE")).toBe(PIXEL.DO_NOT_USE);
    expect(badBits("~DO_NOT_USE+NON_SCIENCE")).toBe(PIXEL.DO_NOT_USE + PIXEL.NON_SCIENCE);
    expect(badBits("~REFERENCE_PIXEL")).toBe(PIXEL.REFERENCE_PIXEL);
    expect(badBits(0)).toBe(0xffffffff);
    expect(badBits("4,8")).toBe(0xffffffff - 12);
    expect(badBits("None")).toBeNull();
  });
});
