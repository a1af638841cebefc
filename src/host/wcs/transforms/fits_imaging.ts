import { Affine, Scale, Shift } from "./basic.js";
import { chain, Compose, Concatenate } from "./compound.js";
import { Pix2SkyGnomonic } from "./gnomonic.js";
import type { Matrix2 } from "./linear.js";
import { SkyRotation } from "./rotations.js";
import type { Columns, Transform } from "./transform.js";

/** What FITS calls CRPIX (here 0-based), CRVAL (degrees), CDELT (degrees a pixel) and PC. */
export interface FitsImagingParameters {
  crpix: readonly [number, number];
  crval: readonly [number, number];
  cdelt: readonly [number, number];
  pc: Matrix2;
}

/** Native longitude of the celestial pole: 180 degrees for every zenithal projection in gwcs, at the pole too. */
const LON_POLE = 180;

/**
 * gwcs.FITSImagingWCSTransform: shift by -crpix, PC, scale by CDELT, deproject, rotate to the sky. Projection: gnomonic, pix2sky.
 */
export class FitsImaging implements Transform {
  readonly kind = "fitswcs_imaging";
  readonly nInputs = 2;
  readonly nOutputs = 2;
  private readonly steps: Transform;
  constructor(readonly parameters: FitsImagingParameters) {
    const { crpix, crval, cdelt, pc } = parameters;
    this.steps = chain([
      new Concatenate(new Shift(-crpix[0]), new Shift(-crpix[1])),
      new Affine(pc),
      new Concatenate(new Scale(cdelt[0]), new Scale(cdelt[1])),
      new Compose(
        new Pix2SkyGnomonic(),
        SkyRotation.degrees("native2celestial", crval[0], crval[1], LON_POLE),
      ),
    ]) as Transform;
  }
  evaluate(input: Columns, output: Columns, n: number): void {
    this.steps.evaluate(input, output, n);
  }
  inverse(): Transform | undefined {
    return this.steps.inverse();
  }
}
