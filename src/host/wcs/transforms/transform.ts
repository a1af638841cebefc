/** Points evaluated at a time: two dozen scratch columns of this length stay within the first cache levels. */
export const CHUNK = 512;

export type Columns = readonly Float64Array[];

/**
 * A model of several columns in, several columns out, in f64 (an astropy.modeling model, or gwcs's own).
 * Objects own scratch memory: they are evaluated from one place at a time and allocate nothing per point.
 */
export interface Transform {
  /** Tag name without scheme and version, for messages: "shift", "rotate_sequence_3d" ... */
  readonly kind: string;
  readonly nInputs: number;
  readonly nOutputs: number;
  /** out[j][0..n) of in[i][0..n); n at most {@link CHUNK}; no output column may be an input column. */
  evaluate(input: Columns, output: Columns, n: number): void;
  /** The inverse that the file gives or that follows analytically; undefined where there is none. */
  inverse(): Transform | undefined;
}

export const D2R = Math.PI / 180;
export const R2D = 180 / Math.PI;

export function scratch(count: number): Float64Array[] {
  return Array.from({ length: count }, () => new Float64Array(CHUNK));
}

/** Runs a transform over columns of any length, chunk by chunk; new output columns. */
export function evaluateMany(transform: Transform, input: Columns): Float64Array[] {
  const n = input[0].length;
  const output = Array.from({ length: transform.nOutputs }, () => new Float64Array(n));
  for (let start = 0; start < n; start += CHUNK) {
    const end = Math.min(n, start + CHUNK);
    transform.evaluate(
      input.map((column) => column.subarray(start, end)),
      output.map((column) => column.subarray(start, end)),
      end - start,
    );
  }
  return output;
}
