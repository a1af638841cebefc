import type { Gpu } from "../../../src/gpu/index.js";
import type { PixelMap } from "../../../src/host/wcs/pixmap.js";
import { bandsOf, type Window } from "../../../src/pipelines/context.js";
import {
  type AccumulatorOptions,
  Accumulators,
  drizzleInto,
  ExposureGeometry,
  finalize,
  PackedExposure,
  type PackOptions,
} from "../../../src/pipelines/drizzle.js";
import { TwinMosaic } from "../../reference/drizzle.js";
import { type PackInput, packTwin } from "../../reference/drizzle_pack.js";
import { release, upload } from "./scene.js";

export interface SceneExposure {
  readonly map: PixelMap;
  readonly planes: PackInput;
  readonly options: PackOptions;
  readonly exposureTime?: number;
}

export interface Scene {
  /** [ny, nx] */
  readonly shape: readonly [number, number];
  readonly pixfrac: number;
  readonly exposures: readonly SceneExposure[];
  readonly sums: AccumulatorOptions;
  readonly pixelScaleRatio?: number;
  readonly kernel?: string;
  readonly fill?: number;
}

export type Mosaic = Record<string, Float32Array | Uint32Array>;

export function geometryOf(scene: Scene, { map }: SceneExposure): ExposureGeometry {
  const { shape, pixfrac, kernel, pixelScaleRatio } = scene;
  return new ExposureGeometry(map, shape, map.section, pixfrac, kernel, pixelScaleRatio);
}

/** The scene on the device in bands of `rows`, planes put together again; of some columns alone where they are given. */
export async function onDevice(
  gpu: Gpu,
  scene: Scene,
  rows: number = scene.shape[0],
  { x0, nx }: Pick<Window, "x0" | "nx"> = { x0: 0, nx: scene.shape[1] },
): Promise<Mosaic> {
  const [ny] = scene.shape;
  const out: Mosaic = {};
  for (const band of bandsOf(ny, rows)) {
    const rec = gpu.recorder("drizzle");
    const sums = new Accumulators(gpu, rec, nx, { ...band, x0, nx }, scene.sums);
    scene.exposures.forEach((exposure, context) => {
      const planes = upload(gpu, exposure.map.nx, exposure.map.ny, exposure.planes);
      const packed = new PackedExposure(gpu, planes, geometryOf(scene, exposure), exposure.options);
      drizzleInto(rec, sums, packed, { context, exposureTime: exposure.exposureTime });
      rec.submit();
      packed.free();
      release(planes);
    });
    const planes = finalize(rec, sums, {
      fill: scene.fill ?? NaN,
      pixelScaleRatio: scene.pixelScaleRatio,
    });
    rec.submit();
    const { context, ...named } = planes;
    const all = { ...named, ...Object.fromEntries(context.map((buffer, k) => [`context${k}`, buffer])) };
    for (const [name, buffer] of Object.entries(all)) {
      if (!buffer) continue;
      const type = name === "dq" || name.startsWith("context") ? Uint32Array : Float32Array;
      out[name] ??= new type(nx * ny);
      out[name].set(await gpu.read<Float32Array | Uint32Array>(buffer, type, 0, nx * band.ny), nx * band.y0);
    }
    sums.free();
  }
  return out;
}

/** The scene by the f64 twins. */
export function onHost(scene: Scene): TwinMosaic {
  const mosaic = new TwinMosaic(scene.shape);
  scene.exposures.forEach((exposure, context) => {
    const { map, planes, options } = exposure;
    const { limits } = geometryOf(scene, exposure);
    const badBits = options.goodBits === null ? 0 : ~options.goodBits >>> 0;
    const packed = packTwin(planes, badBits, options.level, options.weighting, () => true);
    mosaic.add(map, limits, scene.pixfrac, {
      weight: packed.weight,
      data: packed.data,
      roots: options.variances
        ? { rnoise: packed.rnoise, poisson: packed.poisson, flat: options.flat ? packed.flat : undefined }
        : undefined,
      good: packed.good.map(Number),
      exposureTime: exposure.exposureTime,
      constantWeight: options.weighting.type === "exptime" ? options.weighting.time : undefined,
      dq: planes.dq,
      context,
    });
  });
  return mosaic;
}

/** Bits of all planes: equal arrays mean equal bits, NaN included. */
export function bits(mosaic: Mosaic): Record<string, Uint32Array> {
  return Object.fromEntries(
    Object.entries(mosaic).map(([name, plane]) => [name, new Uint32Array(plane.buffer)]),
  );
}
