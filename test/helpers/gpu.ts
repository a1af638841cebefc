import {
  type DeviceChoice,
  type DeviceTexels,
  type Gpu,
  openGpu,
  TEXEL_COLUMNS,
} from "../../src/gpu/index.js";

let opened: Promise<Gpu> | undefined;

/** The device that tests run on: lavapipe where installed, else SwiftShader; ROMANCAL_WEBGPU_DEVICE overrides. */
export function testDevice(): DeviceChoice {
  return (process.env.ROMANCAL_WEBGPU_DEVICE as DeviceChoice | undefined) ?? "auto";
}

/** The worker's device, one for all its files, so that no pipeline is made twice. It ends with the worker. */
export function testGpu(): Promise<Gpu> {
  opened ??= openGpu(testDevice());
  return opened;
}

/** The first `count` texels, four f32 each. */
export async function readTexels(gpu: Gpu, texels: DeviceTexels, count: number): Promise<Float32Array> {
  const bytesPerRow = 16 * TEXEL_COLUMNS;
  const rows = Math.ceil(count / TEXEL_COLUMNS);
  const buffer = gpu.alloc("texels", rows * bytesPerRow);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture: texels.raw }, { buffer: buffer.raw, bytesPerRow }, [
    TEXEL_COLUMNS,
    rows,
  ]);
  gpu.device.queue.submit([encoder.finish()]);
  const values = await gpu.read(buffer, Float32Array, 0, 4 * count);
  buffer.free();
  return values;
}
