import { expect, test } from "vitest";
import { NdArray } from "../../../src/host/asdf/index.js";
import { messageOf } from "./helpers.js";

test("a string is found where readStrings has it, across no bounds of elements", async () => {
  const words = ["ab", "ba", "", "abba", "bab", "b", "aab"];
  const plain = NdArray.fromStrings(words);
  const wide = NdArray.fromStrings(words.map((word) => word.replaceAll("b", "ü")));
  const codes = new DataView(new ArrayBuffer(16 * words.length));
  words.forEach((word, k) => Buffer.from(word).forEach((code, i) => codes.setUint32(16 * k + 4 * i, code)));
  const bytes = NdArray.from(new Uint8Array(codes.buffer));
  const big = bytes.view({ shape: [words.length], datatype: ["ucs4", 4], byteorder: "big" });
  const second = plain.view({ shape: [3], offset: 4, strides: [8] });
  const backwards = plain.view({ shape: [words.length], offset: 24, strides: [-4] });
  const block = plain.view({ shape: [2, 2], offset: 4, strides: [12, 4] });
  const absent = ["bb", "babb", "abbab", "abbaa", "\u{1f30c}", "x"];
  for (const array of [plain, wide, big, second, backwards, block, NdArray.fromStrings([])]) {
    const all = await array.readStrings();
    for (const text of [...words, ...all, ...absent])
      expect(await array.indexOfString(text), text).toBe(all.indexOf(text));
  }
  expect(await plain.indexOfString("b\0\0")).toBe(5);
  expect(await messageOf(NdArray.from(new Float32Array(3)).indexOfString("a"))).toMatch(
    /holds numbers, not strings/,
  );
});
