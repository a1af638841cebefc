/**
 * IEEE 754 half precision (binary16) on machines without Float16Array. Bits are held in Uint16Array.
 * Rounding is to nearest, ties to even, as numpy's float16 rounds (numpy 2.3 npymath/halffloat.cpp).
 */

const scratch = new DataView(new ArrayBuffer(8));
let table: Float32Array | undefined;

/** The value of a half, exactly; 65536 of them, so a table. */
function halfTable(): Float32Array {
  if (table) return table;
  const bits = new Uint32Array(65536);
  const values = new Float32Array(bits.buffer);
  for (let h = 0; h < 65536; h++) {
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 31;
    const mantissa = h & 0x3ff;
    if (exponent === 0) {
      values[h] = mantissa * 2 ** -24;
      bits[h] = (bits[h] | sign) >>> 0;
    } else {
      bits[h] = (sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13)) >>> 0;
    }
  }
  return (table = values);
}

/** Value of the half with these 16 bits; exact. */
export function halfToNumber(bits: number): number {
  return halfTable()[bits & 0xffff];
}

/** Bits of the half nearest to an f64 `value`, in one rounding (no detour by f32); beyond 65504 + 1/2 ulp it is infinity. */
export function numberToHalf(value: number): number {
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  const exponent = Math.max(((high >>> 20) & 0x7ff) - 1023, -14);
  // in units of the half's last place; adding 2^52 leaves an integer, rounded to even
  const units = magnitude * 2 ** (10 - exponent) + 2 ** 52 - 2 ** 52;
  return sign | (((exponent + 14) << 10) + units);
}

/** `value` rounded to the nearest half. */
export function roundToHalf(value: number): number {
  return halfToNumber(numberToHalf(value));
}

/** Halves to f32, exactly. */
export function halvesToFloats(bits: Uint16Array): Float32Array {
  const values = halfTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = values[bits[i]];
  return out;
}

/** f32 or f64 values to halves, each rounded once. */
export function floatsToHalves(values: Float32Array | Float64Array | readonly number[]): Uint16Array {
  if (values instanceof Float32Array) return float32ToHalves(values);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = numberToHalf(values[i]);
  return out;
}

/** The same by integer arithmetic, and the twin of half_bits in shaders/shared/half.wgsl. */
function float32ToHalves(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = float32BitsToHalf(words[i]);
  return out;
}

/** Bits of the half nearest to the f32 with these 32 bits. */
export function float32BitsToHalf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const units = mantissa >>> shift;
  const rest = mantissa - units * 2 ** shift;
  const half = 2 ** (shift - 1);
  return sign | (units + (rest > half || (rest === half && (units & 1) === 1) ? 1 : 0));
}
