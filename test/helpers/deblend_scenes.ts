import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { fixture } from "./cli.js";

/** A scene with its labels before and after photutils' deblend_sources (fixtures/source_catalog/make_deblend.py). */
export interface Scene {
  readonly name: string;
  readonly nx: number;
  readonly ny: number;
  readonly npixels: number;
  readonly contrast: number;
  readonly nLabels: number;
  readonly nDeblended: number;
  readonly data: Float32Array;
  readonly found: Uint32Array;
  readonly result: Uint32Array;
}

interface Entry {
  readonly name: string;
  readonly shape: [number, number];
  readonly npixels: number;
  readonly contrast: number;
  readonly labels: number;
  readonly deblended: number;
  readonly data: number;
  readonly found: number;
  readonly result: number;
}

export function deblendScenes(): Scene[] {
  const bytes = gunzipSync(readFileSync(fixture("source_catalog/deblend.bin.gz")));
  const entries = JSON.parse(readFileSync(fixture("source_catalog/deblend.json"), "utf8")) as Entry[];
  return entries.map(({ name, shape: [ny, nx], npixels, contrast, labels, deblended, ...at }) => {
    const part = (start: number, size: number): ArrayBuffer =>
      Uint8Array.from(bytes.subarray(start, start + size * nx * ny)).buffer;
    return {
      name,
      nx,
      ny,
      npixels,
      contrast,
      nLabels: labels,
      nDeblended: deblended,
      data: new Float32Array(part(at.data, 4)),
      found: Uint32Array.from(new Uint16Array(part(at.found, 2))),
      result: Uint32Array.from(new Uint16Array(part(at.result, 2))),
    };
  });
}
