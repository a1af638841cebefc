import { describe, expect, it } from "vitest";
import { floatsToHalves } from "../../../src/host/numerics/half.js";
import { recordFlux } from "../../../src/pipelines/flux.js";
import type { DevicePlane } from "../../../src/pipelines/exposure.js";
import { testGpu } from "../../helpers/gpu.js";
import { seeded } from "../../helpers/random.js";
import { scaled } from "../../reference/scale.js";

const CONVERSION = 0.6512345;
const [NX, NY] = [53, 39]; // an odd number of pixels, no multiple of a workgroup

function someValues(seed: number): Float32Array {
  const random = seeded(seed);
  const values = Float32Array.from({ length: NX * NY }, () => (random() - 0.3) * 10 ** (8 * random() - 5));
  values.set([NaN, Infinity, -Infinity, 0, -0, 65504, 6e-8, 1e-7, 60000]);
  return values;
}

async function upload(values: Float32Array | Uint16Array): Promise<DevicePlane> {
  const gpu = await testGpu();
  return { buffer: gpu.upload("plane", values), nx: NX, ny: NY, half: values instanceof Uint16Array };
}

describe("flux", () => {
  it("multiplies like numpy: f32 and half planes, variances by the square", async () => {
    const gpu = await testGpu();
    const data = someValues(1);
    const err = floatsToHalves(someValues(2));
    const poisson = floatsToHalves(someValues(3).map(Math.abs));
    const rnoise = someValues(4);
    const planes = {
      nx: NX,
      ny: NY,
      data: await upload(data),
      err: await upload(err),
      varPoisson: await upload(poisson),
      varRnoise: await upload(rnoise),
      dq: gpu.alloc("dq", 16),
    };
    const rec = gpu.recorder("flux");
    recordFlux(rec, planes, CONVERSION);
    rec.submit();
    const read = <T extends Float32Array | Uint16Array>(plane: DevicePlane, like: T) =>
      gpu.read<Float32Array | Uint16Array>(
        plane.buffer,
        like instanceof Uint16Array ? Uint16Array : (Float32Array as never),
        0,
        NX * NY,
      );
    expect(await read(planes.data, data)).toEqual(scaled(data, CONVERSION));
    expect(await read(planes.err, err)).toEqual(scaled(err, CONVERSION));
    expect(await read(planes.varPoisson, poisson)).toEqual(scaled(poisson, CONVERSION ** 2));
    expect(await read(planes.varRnoise, rnoise)).toEqual(scaled(rnoise, CONVERSION ** 2));
    for (const { buffer } of [planes.data, planes.err, planes.varPoisson, planes.varRnoise]) buffer.free();
    planes.dq.free();
  });

  it("knows numpy's float16 products", () => {
    // numpy 2: a = np.array([1.5, 2.3, 3.7], np.float16); a *= 0.6512345 and a *= 0.6512345 ** 2, as bits
    const a = floatsToHalves([1.5, 2.3, 3.7]);
    expect([...scaled(a, CONVERSION)]).toEqual([15313, 15871, 16594]);
    expect([...scaled(a, CONVERSION ** 2)]).toEqual([14615, 15310, 15942]);
  });
});
