const DEGREE = Math.PI / 180;

/** ICRS to galactic Cartesian: astropy 7's ICRS -> FK5 (frame bias) -> Galactic, multiplied out. */
const ICRS_TO_GALACTIC = [
  [-0.05487565771259163, -0.8734370519556158, -0.4838350736167154],
  [0.4941094371927268, -0.4448297212232952, 0.7469821839866676],
  [-0.8676661375596576, -0.19807633727300053, 0.4559838136873017],
] as const;

/** A direction as a unit vector. */
export type Direction = readonly [x: number, y: number, z: number];

/** The direction of a longitude and latitude in degrees. */
export function direction(longitude: number, latitude: number): Direction {
  const [l, b] = [longitude * DEGREE, latitude * DEGREE];
  return [Math.cos(b) * Math.cos(l), Math.cos(b) * Math.sin(l), Math.sin(b)];
}

/** The galactic direction of an ICRS position in degrees; z is the sine of the galactic latitude. */
export function galacticDirection(ra: number, dec: number): Direction {
  const [x, y, z] = direction(ra, dec);
  const [a, b, c] = ICRS_TO_GALACTIC.map((row) => row[0] * x + row[1] * y + row[2] * z);
  return [a, b, c];
}
