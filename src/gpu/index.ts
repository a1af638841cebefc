export {
  Allocator,
  DeviceBuffer,
  DeviceMemoryError,
  DeviceTexels,
  MOST_TEXELS,
  PART_ALIGNMENT,
  TEXEL_COLUMNS,
} from "./allocator.js";
export {
  DEVICE_CHOICES,
  type DeviceChoice,
  type DeviceKind,
  findAdapter,
  listAdapters,
  NoDeviceError,
} from "./adapter.js";
export { Gpu, type DeviceInfo, type GpuOptions, openGpu } from "./gpu.js";
export {
  type Binding,
  type Bindings,
  type BindingsOf,
  defineKernel,
  type Kernel,
  sourceOf,
  storage,
  texels,
  uniform,
} from "./kernel.js";
export { type Fields, layoutOf, pack } from "./layout.js";
export { ShaderError, type Variant } from "./pipelines.js";
export type { GpuSpan, SpanSink } from "./profiler.js";
export { type Constants, type Groups, Recorder } from "./recorder.js";
