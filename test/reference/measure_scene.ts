import type { DeviceBuffer, Gpu } from "../../src/gpu/index.js";
import type { MeasureImages } from "../../src/pipelines/source_catalog/measure_device.js";
import type { Scene } from "./measure.js";
import { normals, uniforms } from "./random.js";

const NX = 131;
const NY = 97;
const BLOBS = 12;

/**
 * Noise with Gaussian sources, some on the image's edges and some touching, and by hand: a single pixel, lines one pixel wide (across,
 * upright, diagonal), a segment all masked, one whose detection image is negative, one of two apart pieces, NaN and inf in the data.
 * Values are f32's, so that device and twin measure the same image.
 */
export function makeScene(seed: number): Scene {
  const count = NX * NY;
  const noise = normals(2 * count, seed);
  const random = uniforms(4 * BLOBS, seed + 1);
  const data = Float64Array.from({ length: count }, (_, i) => noise[i]);
  const detection = Float64Array.from({ length: count }, (_, i) => 0.3 * noise[i] + 0.2);
  const err = Float64Array.from({ length: count }, (_, i) => 1 + 0.2 * Math.abs(noise[count + i]));
  const segmentation = new Uint32Array(count);
  let label = 0;
  for (let k = 0; k < BLOBS; k++) {
    const edge = k < 4; // one on each side
    const x = edge ? [0.3, NX - 1.2, 40, 70][k] : 12 + random[4 * k] * (NX - 24);
    const y = edge ? [50, 30, -0.2, NY - 0.8][k] : 25 + random[4 * k + 1] * (NY - 50);
    const [sx, sy] = [1.5 + 2 * random[4 * k + 2], 1.5 + 2 * random[4 * k + 3]];
    const peak = 20 + 200 * random[4 * k + 2];
    label++;
    let owned = 0;
    for (let i = 0; i < count; i++) {
      const [dx, dy] = [(i % NX) - x, Math.floor(i / NX) - y];
      const shape = Math.exp(-0.5 * ((dx / sx) ** 2 + (dy / sy) ** 2 + (0.6 * dx * dy) / (sx * sy)));
      data[i] += peak * shape;
      detection[i] += peak * shape;
      if (peak * shape > 3 && segmentation[i] === 0) {
        segmentation[i] = label;
        owned++;
      }
    }
    if (!owned) label--;
  }
  const draw = (pixels: readonly [number, number][]): void => {
    label++;
    for (const [x, y] of pixels) segmentation[y * NX + x] = label;
  };
  const line = (n: number, x: number, y: number, dx: number, dy: number): [number, number][] =>
    Array.from({ length: n }, (_, k) => [x + k * dx, y + k * dy]);
  draw([[3, 3]]);
  draw(line(30, 20, 8, 1, 0));
  draw(line(20, 6, 70, 0, 1));
  draw(line(20, 95, 72, 1, 1));
  const hidden = line(9, 60, 5, 1, 0);
  draw(hidden);
  const negative = line(9, 80, 5, 1, 0);
  draw(negative);
  draw([...line(5, 110, 3, 1, 0), ...line(5, 112, 14, 1, 0)]);
  for (const [x, y] of hidden) data[y * NX + x] = NaN;
  for (const [x, y] of negative) detection[y * NX + x] = -1;
  for (let k = 0; k < 25; k++) data[Math.floor(random[k] * count)] = NaN;
  for (let k = 25; k < 35; k++) err[Math.floor(random[k] * count)] = k % 2 ? 0 : NaN;
  detection[Math.floor(random[40] * count)] = NaN;
  const round = (plane: Float64Array): Float64Array => plane.map(Math.fround);
  const masked = Uint8Array.from(data, (v, i) => Number(!(Number.isFinite(v) && err[i] > 0)));
  return {
    nx: NX,
    ny: NY,
    data: round(data),
    err: round(err),
    detection: round(detection),
    segmentation,
    masked,
    nLabels: label,
  };
}

/** A scene's planes on the device. */
export function uploadScene(gpu: Gpu, scene: Scene): MeasureImages {
  const mask = new Uint32Array(Math.ceil(scene.masked.length / 32));
  scene.masked.forEach((masked, i) => (mask[i >> 5] |= masked << (i & 31)));
  const plane = (name: string, values: Float64Array): DeviceBuffer =>
    gpu.upload(name, Float32Array.from(values));
  const { nx, ny, nLabels } = scene;
  return {
    nx,
    ny,
    nLabels,
    data: plane("data", scene.data),
    err: plane("err", scene.err),
    detection: plane("detection", scene.detection),
    mask: gpu.upload("mask", mask),
    segmentation: gpu.upload("segmentation", scene.segmentation),
  };
}
