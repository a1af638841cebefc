import { afterAll } from "vitest";
import { type DeviceChoice, type Gpu, openGpu } from "../../src/gpu/index.js";

let opened: Promise<Gpu> | undefined;

/** The test file's device: lavapipe where installed, else SwiftShader; ROMANCAL_WEBGPU_DEVICE overrides. */
export function testGpu(): Promise<Gpu> {
  opened ??= openGpu((process.env.ROMANCAL_WEBGPU_DEVICE as DeviceChoice | undefined) ?? "auto");
  return opened;
}

afterAll(async () => {
  (await opened)?.close();
  opened = undefined;
});
