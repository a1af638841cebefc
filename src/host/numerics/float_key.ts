const view = new DataView(new ArrayBuffer(4));

/** The f32 number of an ordered key: bits with the sign flipped for positive numbers, all bits flipped for negative ones. */
export function keyToFloat(key: number): number {
  view.setUint32(0, key & 0x80000000 ? (key ^ 0x80000000) >>> 0 : ~key >>> 0);
  return view.getFloat32(0);
}

/** The ordered key of an f32 number: unsigned keys compare as the numbers do. */
export function floatToKey(x: number): number {
  view.setFloat32(0, x);
  const bits = view.getUint32(0);
  return bits & 0x80000000 ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

/** Keys of the least and the greatest finite f32 number. */
export const MIN_KEY = floatToKey(-3.4028234663852886e38);
export const MAX_KEY = floatToKey(3.4028234663852886e38);
