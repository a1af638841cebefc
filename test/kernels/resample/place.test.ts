import { describe, expect, it } from "vitest";
import { place } from "../../../src/shaders/resample/place.js";
import { testGpu } from "../../helpers/gpu.js";

describe("place", () => {
  it.each([
    ["in the middle", [37, 50], [4, 7, 9, 20]],
    ["at the end of rows", [101, 33], [96, 0, 5, 33]],
    ["whole rows", [50, 41], [0, 3, 50, 11]],
    ["of rows shorter than a quad", [3, 40], [1, 5, 2, 30]],
    ["of one pixel", [1, 9], [0, 4, 1, 1]],
    ["nothing", [20, 20], [0, 0, 0, 0]],
  ] as const)("puts a part %s of a plane of one word", async (_name, [nx, ny], [x0, y0, width, height]) => {
    const gpu = await testGpu();
    const words = Uint32Array.from({ length: width * height }, (_, k) => k + 1);
    const word = 0x7fc00000;
    const part = gpu.upload("part", words);
    const plane = gpu.alloc("plane", 4 * nx * ny);
    for (const groups of [1, 3, 100]) {
      const rec = gpu.recorder("place");
      const params = { count: Math.ceil((nx * ny) / 4), nx, word, part: [x0, y0, width, height] };
      rec.run(place, { params, part, plane }, [groups]).submit();
      const expected = Uint32Array.from({ length: nx * ny }, (_, k) => {
        const [i, j] = [(k % nx) - x0, Math.floor(k / nx) - y0];
        return i >= 0 && i < width && j >= 0 && j < height ? words[j * width + i] : word;
      });
      expect(await gpu.read(plane, Uint32Array, 0, nx * ny)).toEqual(expected);
    }
    part.free();
    plane.free();
  });
});
