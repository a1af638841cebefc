import { circleFraction, type Ellipse, ellipseFraction } from "./measure_overlap.js";

/** Images in f64, row-major; `masked` as the coverage mask. */
export interface Scene {
  readonly nx: number;
  readonly ny: number;
  readonly data: Float64Array;
  readonly err: Float64Array;
  readonly detection: Float64Array;
  readonly segmentation: Uint32Array;
  readonly masked: Uint8Array;
  readonly nLabels: number;
}

/** Every pixel as (index, x, y). */
function eachPixel({ nx, ny }: Scene, visit: (i: number, x: number, y: number) => void): void {
  for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) visit(y * nx + x, x, y);
}

/** Segment sums and moments of one label, straight from their definitions. */
export function segmentTwin(scene: Scene, label: number) {
  const { data, err, detection, segmentation, masked } = scene;
  const box = [Infinity, -Infinity, Infinity, -Infinity];
  let [count, flux, variance, total, sx, sy] = [0, 0, 0, 0, 0, 0];
  const weights: [number, number, number][] = [];
  eachPixel(scene, (i, x, y) => {
    if (segmentation[i] !== label) return;
    box[0] = Math.min(box[0], x);
    box[1] = Math.max(box[1], x);
    box[2] = Math.min(box[2], y);
    box[3] = Math.max(box[3], y);
    if (masked[i]) return;
    count++;
    flux += data[i];
    variance += err[i] ** 2;
    if (!(detection[i] >= 0) || !Number.isFinite(detection[i])) return;
    weights.push([detection[i], x, y]);
    total += detection[i];
    sx += detection[i] * x;
    sy += detection[i] * y;
  });
  const [x, y] = [sx / total, sy / total];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [w, px, py] of weights) {
    xx += (w * (px - x) ** 2) / total;
    xy += (w * (px - x) * (py - y)) / total;
    yy += (w * (py - y) ** 2) / total;
  }
  const none = count === 0;
  return {
    box,
    area: none ? NaN : count,
    flux: none ? NaN : flux,
    fluxError: none ? NaN : Math.sqrt(variance),
    x,
    y,
    covariance: total > 0 ? { xx, xy, yy } : { xx: NaN, xy: NaN, yy: NaN },
  };
}

/** Flux and error within a circle; NaN off the image. */
export function apertureTwin(scene: Scene, x: number, y: number, r: number) {
  let [flux, variance, pixels] = [0, 0, 0];
  eachPixel(scene, (i, px, py) => {
    if (Math.hypot(px - x, py - y) > r + 1) return;
    const fraction = circleFraction(px - x, py - y, r);
    if (fraction <= 0) return;
    pixels++;
    flux += scene.data[i] * fraction;
    variance += (scene.err[i] * fraction) ** 2;
  });
  return pixels ? { flux, fluxError: Math.sqrt(variance) } : { flux: NaN, fluxError: NaN };
}

/** Clipped median of an annulus and its standard error, by sorting. */
export function annulusTwin(scene: Scene, x: number, y: number, inner: number, outer: number) {
  let values: number[] = [];
  eachPixel(scene, (i, px, py) => {
    const d2 = (px - x) ** 2 + (py - y) ** 2;
    if (d2 >= inner ** 2 && d2 < outer ** 2 && Number.isFinite(scene.data[i])) values.push(scene.data[i]);
  });
  const median = (sorted: number[]): number =>
    sorted.length ? (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2 : NaN;
  const spread = (list: number[]): number => {
    const mean = list.reduce((a, b) => a + b, 0) / list.length;
    return Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length);
  };
  values.sort((a, b) => a - b);
  for (let round = 0; round < 5; round++) {
    const [centre, width] = [median(values), 3 * spread(values)];
    const kept = values.filter((value) => value >= centre - width && value <= centre + width);
    if (kept.length === values.length) break;
    values = kept;
  }
  const n = values.length;
  return { background: median(values), backgroundError: Math.sqrt(Math.PI / (2 * n)) * spread(values) };
}

function countsFor(scene: Scene, i: number, label: number): boolean {
  return !scene.masked[i] && (scene.segmentation[i] === 0 || scene.segmentation[i] === label);
}

/** Sums of v r and v within r <= scale of the ellipse cxx, cxy, cyy. */
export function kronRadiusTwin(
  scene: Scene,
  label: number,
  at: { x: number; y: number },
  { cxx, cxy, cyy }: { cxx: number; cxy: number; cyy: number },
  scale: number,
) {
  let [first, flux] = [0, 0];
  eachPixel(scene, (i, px, py) => {
    const [dx, dy] = [px - at.x, py - at.y];
    const r = Math.sqrt(Math.max(cxx * dx * dx + cxy * dx * dy + cyy * dy * dy, 0));
    if (r > scale || !countsFor(scene, i, label)) return;
    first += r * scene.data[i];
    flux += scene.data[i];
  });
  return { first, flux };
}

/** Flux and error within an ellipse; masked pixels and other segments don't count. */
export function ellipseFluxTwin(scene: Scene, label: number, at: { x: number; y: number }, ellipse: Ellipse) {
  let [flux, variance, pixels] = [0, 0, 0];
  eachPixel(scene, (i, px, py) => {
    if (!countsFor(scene, i, label) || Math.hypot(px - at.x, py - at.y) > ellipse.a + 1) return;
    const fraction = ellipseFraction(px - at.x, py - at.y, ellipse);
    if (fraction <= 0) return;
    pixels++;
    flux += scene.data[i] * fraction;
    variance += (scene.err[i] * fraction) ** 2;
  });
  return pixels ? { flux, fluxError: Math.sqrt(variance) } : { flux: NaN, fluxError: NaN };
}

/** Weighted first and second moments under a Gaussian within four sigma, iterated as SExtractor's XWIN, YWIN. */
export function windowedTwin(scene: Scene, label: number, at: { x: number; y: number }, sigma: number) {
  let { x, y } = at;
  let flux = 0;
  for (let round = 0; round < 16; round++) {
    let [sx, sy] = [0, 0];
    flux = 0;
    eachPixel(scene, (i, px, py) => {
      const d2 = (px - x) ** 2 + (py - y) ** 2;
      if (d2 > 16 * sigma * sigma || !countsFor(scene, i, label)) return;
      const v = scene.data[i] * Math.exp(-d2 / (2 * sigma * sigma));
      flux += v;
      sx += v * (px - x);
      sy += v * (py - y);
    });
    x += (2 * sx) / flux;
    y += (2 * sy) / flux;
    if (!(Math.hypot(sx, sy) / Math.abs(flux) > 1e-4)) break;
  }
  return { x, y, flux };
}

/** Flux of the pixels that count within a circle. */
export function growthTwin(scene: Scene, label: number, at: { x: number; y: number }, r: number): number {
  return ellipseFluxTwin(scene, label, at, { a: r, b: r, theta: 0 }).flux;
}
