import { type AsdfMap, NdArray, openAsdf } from "../../src/host/asdf/index.js";
import { type EpsfGrid, mosaicPsf, type PsfStamp } from "../../src/host/psf/l3_psf.js";

/** The G2V, in-focus stamps of the bundled ePSF reference. */
export async function bundledEpsf(): Promise<EpsfGrid> {
  const file = await openAsdf(new URL("../../fixtures/references/epsf.asdf", import.meta.url).pathname);
  const { meta, psf } = file.tree.roman as { meta: AsdfMap; psf: NdArray };
  const [, , count, ny, nx] = psf.shape;
  const all = (await psf.read()) as Float32Array;
  await file.close();
  const { oversample, pixel_x, pixel_y, jitter_major, jitter_minor, jitter_position_angle } = meta as Record<
    string,
    never
  >;
  const stamps = all.subarray(count * ny * nx, 2 * count * ny * nx);
  const jitter = { jitter_major, jitter_minor, jitter_position_angle };
  return { oversample, pixel_x, pixel_y, nx, ny, stamps, jitter };
}

/** The PSF of a mosaic of 0.055 arcsec pixels at pixfrac 1. */
export async function mosaicStamp(): Promise<PsfStamp> {
  return mosaicPsf(await bundledEpsf(), 0.055, 1);
}
