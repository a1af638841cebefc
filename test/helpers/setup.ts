import { expect } from "vitest";

/**
 * toEqual of typed arrays: the answer that vitest gives (type, length, every element; NaN is NaN, 0 is not -0) without walking
 * them through iterators, which takes seconds for a plane of 10^5 pixels.
 */
function sameArrays(a: unknown, b: unknown): boolean | undefined {
  if (!isTyped(a) || !isTyped(b)) return undefined;
  if (a[Symbol.toStringTag] !== b[Symbol.toStringTag] || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function isTyped(value: unknown): value is Float32Array | Uint32Array | BigInt64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

// files of one worker share it
const worker = globalThis as { typedArraysAreTested?: boolean };
if (!worker.typedArraysAreTested) expect.addEqualityTesters([sameArrays]);
worker.typedArraysAreTested = true;
