import type { DeviceBuffer, Gpu, Recorder } from "../../src/gpu/index.js";
import { strides } from "../../src/pipelines/dispatch.js";
import { fill } from "../../src/shaders/drizzle/kernels.js";
import { scalePlane } from "../../src/shaders/flux/kernels.js";
import { flagOutliers, threshold, thresholdFactors } from "../../src/shaders/outlier_detection/flag.js";
import { maskLowWeight, nanmedianMany, nanmedianStack } from "../../src/shaders/outlier_detection/median.js";
import { meanAndMax } from "../../src/shaders/resample/mean_and_max.js";
import { subtractSky } from "../../src/shaders/skymatch/kernels.js";
import { COPY, copyOf, deviceName, passTimes } from "./rates.js";
import { type KernelResult, median } from "./results.js";

/** A kernel as the steps call it, on planes of `side` x `side` pixels. */
interface Case {
  readonly kernel: string;
  readonly on: string;
  readonly pixels: number;
  readonly bytes: number;
  readonly record: (rec: Recorder) => void;
}

const LAYERS_FEW = 4;
const LAYERS_MANY = 32;

/**
 * Times kernels that do little but move data, as often as `repeats`, warm. Share is of the plain copy's bandwidth.
 * @param side pixels a side of the planes
 */
export async function measureKernels(gpu: Gpu, side: number, repeats: number): Promise<KernelResult[]> {
  const held: DeviceBuffer[] = [];
  const results: Omit<KernelResult, "share">[] = [];
  try {
    for (const one of casesOf(gpu, side, held)) {
      const { all, timestamps } = await passTimes(gpu, one.record, repeats);
      const seconds = median(all);
      const { kernel, on, pixels, bytes } = one;
      results.push({ device: deviceName(gpu), kernel, on, pixels, bytes, seconds, timestamps });
    }
  } finally {
    for (const buffer of held) buffer.free();
  }
  const reference = results.find(({ kernel }) => kernel === COPY.label) as Omit<KernelResult, "share">;
  const bandwidth = reference.bytes / reference.seconds;
  return results.map((result) => ({ ...result, share: result.bytes / result.seconds / bandwidth }));
}

function casesOf(gpu: Gpu, side: number, held: DeviceBuffer[]): Case[] {
  const n = side * side;
  const values = noise(n);
  const plane = (label: string, data: ArrayBufferView): DeviceBuffer => {
    const buffer = gpu.upload(label, data);
    held.push(buffer);
    return buffer;
  };
  const [a, b, c] = ["a", "b", "c"].map((label) => plane(label, values));
  const half = plane("half", new Uint16Array(n).fill(0x3555));
  const partials = plane("partials", new Uint32Array(4 * 65536));
  const counts = plane("counts", new Uint32Array(4));
  const dq = plane("dq", new Uint32Array(n));
  const masks = plane("masks", new Uint32Array(side * Math.ceil(side / 16)));
  const row = [0, Math.ceil(side / 4)];
  const strip = [...row, ...row];
  const spans = plane(
    "spans",
    Uint32Array.from({ length: 4 * Math.ceil(side / 16) }, (_, k) => strip[k % 4]),
  );
  const stack = plane("stack", values.subarray(0, n - (n % LAYERS_MANY)));
  const strips: [number, number] = [Math.ceil(side / 64), Math.ceil(side / 16)];
  const size: [number, number] = [side, side];
  const layered = (layers: number): number => 4 * Math.floor(stack.size / 16 / layers);
  // a median of many is work rather than traffic: a part will do where a software driver does it
  const part = gpu.info.kind === "hardware" ? LAYERS_MANY : 16 * LAYERS_MANY;
  const few = layered(part);
  const one = (kernel: string, on: string, pixels: number, bytes: number, record: Case["record"]): Case => ({
    kernel,
    on,
    pixels,
    bytes,
    record,
  });
  return [
    one(COPY.label, "f32 plane", n, 8 * n, (rec) => rec.run(COPY, ...copyOf(a, b))),
    one(scalePlane.label, "f32 plane", n, 8 * n, (rec) =>
      rec.run(scalePlane, { params: { words: n, factor: 1 }, plane: b }, [strides(n)], { HALF: false }),
    ),
    one(scalePlane.label, "f16 plane", n, 4 * n, (rec) => {
      const words = Math.ceil(n / 2);
      rec.run(scalePlane, { params: { words, factor: 1 }, plane: half }, [strides(words)], { HALF: true });
    }),
    one(subtractSky.label, "f32 plane", n, 8 * n, (rec) =>
      rec.run(subtractSky, { params: { count: n, sky: 0 }, data: b }, [strides(n)]),
    ),
    one(maskLowWeight.label, "one layer", n, 4 * n, (rec) =>
      rec.run(
        maskLowWeight,
        { params: { quads: n / 4, threshold: 0, fill: 0, filled: 0 }, weights: a, data: b },
        [strides(n / 4)],
      ),
    ),
    one(
      nanmedianStack.label,
      `${LAYERS_FEW} layers`,
      layered(LAYERS_FEW),
      4 * n + 4 * layered(LAYERS_FEW),
      (rec) =>
        rec.run(
          nanmedianStack,
          { params: { quads: layered(LAYERS_FEW) / 4, target_start: 0 }, stack, median: c },
          [strides(layered(LAYERS_FEW))],
          { LAYERS: LAYERS_FEW },
        ),
    ),
    one(nanmedianMany.label, `${LAYERS_MANY} layers`, few, 4 * few * (LAYERS_MANY + 1), (rec) => {
      const params = { quads: few / 4, target_start: 0, layers: LAYERS_MANY };
      rec.run(nanmedianMany, { params, stack, median: c }, [strides(few)]);
    }),
    one(threshold.label, "exposure", n, 10 * n, (rec) => {
      const params = { size, half: 1, background: 0, ...thresholdFactors([5, 4], [1.2, 0.7]) };
      rec.run(threshold, { params, data: a, err: half, blotted: b, spans, masks }, [
        Math.ceil(side / 256),
        Math.ceil(side / 16),
      ]);
    }),
    one(flagOutliers.label, "exposure", n, n / 4, (rec) =>
      rec.run(flagOutliers, { params: { size, counter: 0, flags: 16 }, masks, dq, counts }, strips),
    ),
    one(meanAndMax.label, "exposure times", n, 4 * n, (rec) =>
      rec.run(meanAndMax, { params: { count: n, first: 0 }, values: a, partials }, [strides(n)]),
    ),
    one(fill.label, "mosaic", n, 4 * n, (rec) =>
      rec.run(fill, { params: { count: n / 4, fill: 0x7fc00000 }, data: b, weight: a }, [strides(n)]),
    ),
  ];
}

/** Values that no kernel finds special, without the cost of a good generator. */
function noise(count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0, state = 1; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = 1 + state / 2 ** 32;
  }
  return values;
}
