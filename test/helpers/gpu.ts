import { type DeviceChoice, type Gpu, openGpu } from "../../src/gpu/index.js";

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
