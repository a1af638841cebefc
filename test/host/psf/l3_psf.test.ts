import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { dft2 } from "../../../src/host/psf/dft.js";
import { mosaicPsf } from "../../../src/host/psf/l3_psf.js";
import { bundledEpsf } from "../../helpers/psf.js";

interface Golden {
  scale: number;
  pixfrac: number;
  jitter: [number, number, number] | null;
  size: number;
  sum: number;
  row: number[];
  diagonal: number[];
  off: number[];
}

const fixtures = new URL("../../../fixtures/", import.meta.url);
const goldens = JSON.parse(readFileSync(new URL("psf/golden.json", fixtures), "utf8")) as Golden[];

describe("the PSF of a mosaic", () => {
  it.each(goldens)(
    "is romancal's at $scale arcsec, pixfrac $pixfrac",
    async ({ scale, pixfrac, jitter, ...golden }) => {
      const [jitter_major, jitter_minor, jitter_position_angle] = jitter ?? [8, 8, 0];
      const psf = mosaicPsf(await bundledEpsf(), scale, pixfrac, {
        jitter_major,
        jitter_minor,
        jitter_position_angle,
      });
      const n = psf.size;
      expect(n).toBe(golden.size);
      // romancal transforms the float32 stamps in single precision: 1e-7 of the peak
      const near = 1e-6 * Math.max(...golden.row);
      golden.row.forEach((value, i) =>
        expect(Math.abs(psf.values[(n >> 1) * n + i] - value)).toBeLessThan(near),
      );
      golden.off.forEach((value, i) =>
        expect(Math.abs(psf.values[((n >> 1) + 7) * n + i] - value)).toBeLessThan(near),
      );
      golden.diagonal.forEach((value, i) =>
        expect(Math.abs(psf.values[i * n + i] - value)).toBeLessThan(near),
      );
      expect(psf.values.reduce((a, b) => a + b, 0)).toBeCloseTo(golden.sum, 4);
    },
  );

  // one, a prime number, a square and other numbers of samples
  it.each([
    [1, 4],
    [7, 9],
    [12, 15],
  ])("comes from a transform that is the sum it stands for, %i x %i", (nx, ny) => {
    const re = Float64Array.from({ length: nx * ny }, (_, i) => Math.sin(i * i));
    const im = Float64Array.from({ length: nx * ny }, (_, i) => Math.cos(3 * i));
    const found = dft2({ re, im }, nx, ny);
    for (let at = 0; at < nx * ny; at++) {
      const [u, v] = [at % nx, Math.floor(at / nx)];
      let [sumRe, sumIm] = [0, 0];
      for (let i = 0; i < nx * ny; i++) {
        const angle = -2 * Math.PI * ((u * (i % nx)) / nx + (v * Math.floor(i / nx)) / ny);
        sumRe += re[i] * Math.cos(angle) - im[i] * Math.sin(angle);
        sumIm += re[i] * Math.sin(angle) + im[i] * Math.cos(angle);
      }
      expect(found.re[at]).toBeCloseTo(sumRe, 11);
      expect(found.im[at]).toBeCloseTo(sumIm, 11);
    }
  });

  it("comes from a transform that undoes itself", () => {
    const [nx, ny] = [7, 5];
    const re = Float64Array.from({ length: nx * ny }, (_, i) => Math.sin(i * i));
    const im = Float64Array.from({ length: nx * ny }, (_, i) => Math.cos(3 * i));
    const back = dft2(dft2({ re, im }, nx, ny), nx, ny, true);
    re.forEach((value, i) => expect(back.re[i]).toBeCloseTo(value, 12));
    im.forEach((value, i) => expect(back.im[i]).toBeCloseTo(value, 12));
  });
});
