import { readFileSync } from "node:fs";
import type { DeviceBuffer, DeviceTexels } from "./allocator.js";
import { type Fields, type FieldValues, type Layout, layoutOf } from "./layout.js";

export interface UniformBinding<F extends Fields> {
  readonly type: "uniform";
  readonly fields: F;
  readonly layout: Layout;
}
export interface StorageBinding {
  readonly type: "storage";
  readonly access: "read" | "read_write";
}
export interface TexelsBinding {
  readonly type: "texels";
  readonly access: "read" | "write";
}
export type Binding = UniformBinding<Fields> | StorageBinding | TexelsBinding;
export type Bindings = Readonly<Record<string, Binding>>;

/** What a dispatch must give for each binding: a uniform's fields, a buffer or texels. */
export type BindingsOf<B extends Bindings> = {
  readonly [K in keyof B]: B[K] extends UniformBinding<infer F>
    ? FieldValues<F>
    : B[K] extends TexelsBinding
      ? DeviceTexels
      : DeviceBuffer;
};

export interface Kernel<B extends Bindings = Bindings> {
  readonly label: string;
  readonly url: URL;
  readonly entryPoint: string;
  /** @group(0) @binding(i), in this order; the WGSL variables carry the same names. */
  readonly bindings: B;
  /** Names of WGSL `override` constants that a dispatch may set. */
  readonly constants: readonly string[];
}

/** A uniform struct `Params`-like binding; fields in the order of the WGSL struct. */
export function uniform<const F extends Fields>(fields: F): UniformBinding<F> {
  return { type: "uniform", fields, layout: layoutOf(fields) };
}

/** A storage buffer binding. */
export function storage(access: "read" | "read_write"): StorageBinding {
  return { type: "storage", access };
}

/** A binding of texels: `texture_2d<f32>` to read, `texture_storage_2d<rgba32float, write>` to write. */
export function texels(access: "read" | "write"): TexelsBinding {
  return { type: "texels", access };
}

/** Declare a kernel whose WGSL file lies beside the caller: `url: new URL("./name.wgsl", import.meta.url)`. */
export function defineKernel<const B extends Bindings>(definition: {
  label: string;
  url: URL;
  bindings: B;
  entryPoint?: string;
  constants?: readonly string[];
}): Kernel<B> {
  return { entryPoint: "main", constants: [], ...definition };
}

const SHADERS = new URL("../shaders/", import.meta.url);
const INCLUDE = /^\/\/!include (\S+)[ \t]*$/gm;

/** A kernel's WGSL with its `//!include shared/x.wgsl` lines (paths relative to src/shaders) replaced, each file once. */
export function sourceOf(url: URL, seen = new Set<string>()): string {
  return readFileSync(url, "utf8").replace(INCLUDE, (_line, path: string) => {
    if (seen.has(path)) return "";
    seen.add(path);
    return sourceOf(new URL(path, SHADERS), seen);
  });
}
