import type { Gpu } from "../../../src/gpu/index.js";
import { floatsToHalves, roundToHalf } from "../../../src/host/numerics/half.js";
import { ArrayMap } from "../../../src/host/wcs/pixmap.js";
import type { DevicePlane, ExposurePlanes } from "../../../src/pipelines/exposure.js";
import { seeded } from "../../helpers/random.js";
import type { PackInput } from "../../reference/drizzle_pack.js";

export interface MapShape {
  readonly nx: number;
  readonly ny: number;
  /** Degrees. */
  readonly angle: number;
  /** Output pixel size in input pixels. */
  readonly ratio: number;
  readonly flip?: boolean;
  /** Output position of the input's middle. */
  readonly centre: readonly [number, number];
  /** Quadratic distortion, output pixels an input pixel squared. */
  readonly bend?: number;
  /** Random displacement of each pixel, output pixels. */
  readonly rough?: number;
}

export function makeMap(shape: MapShape): ArrayMap {
  const { nx, ny, angle, ratio, centre, flip = false, bend = 0, rough = 0 } = shape;
  const random = seeded(7);
  const c = Math.cos((angle * Math.PI) / 180) / ratio;
  const s = Math.sin((angle * Math.PI) / 180) / ratio;
  const x = new Float64Array(nx * ny);
  const y = new Float64Array(nx * ny);
  for (let p = 0; p < nx * ny; p++) {
    const u = ((p % nx) - (nx - 1) / 2) * (flip ? -1 : 1);
    const v = Math.floor(p / nx) - (ny - 1) / 2;
    x[p] = centre[0] + c * u - s * v + bend * (u * u - 0.4 * u * v) + rough * (random() - 0.5);
    y[p] = centre[1] + s * u + c * v + bend * (0.3 * v * v + u * v) + rough * (random() - 0.5);
  }
  return new ArrayMap(nx, ny, x, y);
}

/** Random planes with dead, NaN, weightless and flagged pixels; good bits are all but 1; a read noise of 1e-6 overflows 1 / var in halves. */
export function makePlanes(
  nx: number,
  ny: number,
  seed: number,
  { half = true, rnoise = true, flat = true, lowest = -2 } = {},
): PackInput {
  const random = seeded(seed);
  const store = half ? roundToHalf : Math.fround;
  const plane = (value: () => number): number[] => Array.from({ length: nx * ny }, value);
  const rare = (often: number, special: readonly number[], usual: () => number) => (): number =>
    random() < often ? special[Math.floor(random() * special.length)] : usual();
  const dq = plane(rare(0.05, [1, 1 + 16, 4, 2 ** 31], () => 0));
  const data = plane(rare(0.01, [0, -0], () => Math.fround(10 * random() + lowest)));
  data.forEach((_, p) => {
    if ((dq[p] & 1) === 1 && random() < 0.5) data[p] = NaN;
  });
  return {
    data,
    err: plane(() => store(1 + random())),
    poisson: plane(rare(0.02, [0, Infinity, NaN], () => store(0.01 + 0.1 * random()))),
    rnoise: rnoise
      ? plane(rare(0.03, [0, Infinity, NaN, half ? store(1e-6) : 0.02], () => store(0.2 + 0.3 * random())))
      : undefined,
    flat: flat ? plane(() => store(1e-3 * random())) : undefined,
    dq,
    half,
  };
}

export function upload(gpu: Gpu, nx: number, ny: number, input: PackInput): ExposurePlanes {
  const plane = (name: string, values: ArrayLike<number>, half: boolean): DevicePlane => {
    const floats = Float32Array.from(values);
    return { buffer: gpu.upload(name, half ? floatsToHalves(floats) : floats), nx, ny, half };
  };
  const { half } = input;
  return {
    nx,
    ny,
    data: plane("data", input.data, false),
    err: plane("err", input.err, half),
    varPoisson: plane("var_poisson", input.poisson, half),
    varRnoise: input.rnoise && plane("var_rnoise", input.rnoise, half),
    varFlat: input.flat && plane("var_flat", input.flat, half),
    dq: gpu.upload("dq", Uint32Array.from(input.dq)),
  };
}

export function release(planes: ExposurePlanes): void {
  for (const plane of [planes.data, planes.err, planes.varPoisson, planes.varRnoise, planes.varFlat])
    plane?.buffer.free();
  planes.dq.free();
}
