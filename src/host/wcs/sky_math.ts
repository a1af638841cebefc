import { D2R, R2D } from "./transforms/transform.js";

/** Great-circle distance in degrees between two positions in degrees (Vincenty; astropy angular_separation). */
export function angularSeparation(ra1: number, dec1: number, ra2: number, dec2: number): number {
  const [sd, cd] = [Math.sin((ra2 - ra1) * D2R), Math.cos((ra2 - ra1) * D2R)];
  const [s1, c1] = [Math.sin(dec1 * D2R), Math.cos(dec1 * D2R)];
  const [s2, c2] = [Math.sin(dec2 * D2R), Math.cos(dec2 * D2R)];
  const [a, b] = [c2 * sd, c1 * s2 - s1 * c2 * cd];
  return Math.atan2(Math.sqrt(a * a + b * b), s1 * s2 + c1 * c2 * cd) * R2D;
}

/** Position angle of the second position as seen from the first, degrees east of north in [0, 360) (astropy position_angle). */
export function positionAngle(ra1: number, dec1: number, ra2: number, dec2: number): number {
  const dra = (ra2 - ra1) * D2R;
  const [d1, d2] = [dec1 * D2R, dec2 * D2R];
  const colat = Math.cos(d2);
  const x = Math.sin(d2) * Math.cos(d1) - colat * Math.sin(d1) * Math.cos(dra);
  const angle = Math.atan2(Math.sin(dra) * colat, x) * R2D;
  return angle < 0 ? angle + 360 : angle;
}

/** FITS's PC matrix of a roll angle (stcal calc_rotation_matrix), radians: [[p cos a, sin a], [-p sin a, cos a]], a = roll - p v3. */
export function rotationMatrixOfRoll(
  rollRef: number,
  v3iYangle: number,
  vparity: number,
): readonly [readonly [number, number], readonly [number, number]] {
  const angle = rollRef - vparity * v3iYangle;
  return [
    [vparity * Math.cos(angle), Math.sin(angle)],
    [vparity * -Math.sin(angle), Math.cos(angle)],
  ];
}
