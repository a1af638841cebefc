/** An ellipse about the origin: semi-axes and orientation (radians, counter-clockwise from x). */
export interface Ellipse {
  readonly a: number;
  readonly b: number;
  readonly theta: number;
}

const POINTS = 32;

/**
 * Fraction of the unit pixel centred at (x, y) within the ellipse: the ellipse's column heights, clipped to the pixel, integrated
 * piece by piece between the places where they change form. Another way than the kernel's (Green's theorem, edge by edge).
 */
export function ellipseFraction(x: number, y: number, { a, b, theta }: Ellipse): number {
  const [cos, sin] = [Math.cos(theta), Math.sin(theta)];
  const xx = (cos / a) ** 2 + (sin / b) ** 2;
  const yy = (sin / a) ** 2 + (cos / b) ** 2;
  const xy = cos * sin * (1 / a ** 2 - 1 / b ** 2);
  const reach = Math.hypot(a * cos, b * sin);
  // yy v^2 + 2 xy u v + xx u^2 = 1: heights v at column u
  const heights = (u: number): [number, number] => {
    const root = Math.sqrt(Math.max((xy * u) ** 2 - yy * (xx * u * u - 1), 0)) / yy;
    const middle = (-xy * u) / yy;
    return [middle - root, middle + root];
  };
  const [low, high] = [Math.max(x - 0.5, -reach), Math.min(x + 0.5, reach)];
  if (low >= high) return 0;
  const cuts = [low, high];
  for (const v of [y - 0.5, y + 0.5]) {
    const discriminant = (xy * v) ** 2 - xx * (yy * v * v - 1);
    if (discriminant <= 0) continue;
    for (const sign of [-1, 1]) {
      const u = (-xy * v + sign * Math.sqrt(discriminant)) / xx;
      if (u > low && u < high) cuts.push(u);
    }
  }
  cuts.sort((p, q) => p - q);
  const column = (u: number): number => {
    const [bottom, top] = heights(u);
    return Math.max(Math.min(top, y + 0.5) - Math.max(bottom, y - 0.5), 0);
  };
  let area = 0;
  for (let k = 1; k < cuts.length; k++) area += integrate(column, cuts[k - 1], cuts[k]);
  return area;
}

export function circleFraction(x: number, y: number, r: number): number {
  return ellipseFraction(x, y, { a: r, b: r, theta: 0 });
}

/** Simpson's rule after u = middle + half sin t, which takes square roots at the ends. */
function integrate(f: (u: number) => number, from: number, to: number): number {
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  let sum = 0;
  for (let k = 0; k <= 2 * POINTS; k++) {
    const t = -Math.PI / 2 + (k * Math.PI) / (2 * POINTS);
    const weight = k === 0 || k === 2 * POINTS ? 1 : k % 2 === 1 ? 4 : 2;
    sum += weight * f(middle + half * Math.sin(t)) * Math.cos(t);
  }
  return (sum * half * Math.PI) / (6 * POINTS);
}
