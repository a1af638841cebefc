import { describe, expect, it, vi } from "vitest";
import { Allocator } from "../../src/gpu/allocator.js";
import { Transfers } from "../../src/gpu/transfers.js";
import { testGpu } from "../helpers/gpu.js";

async function* handOut(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) % 251);

/** `bytes` cut at lengths that go round. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, k = 0; at < bytes.length; at += lengths[k++ % lengths.length])
    pieces.push(bytes.subarray(at, at + lengths[k % lengths.length]));
  return pieces;
}

describe("Gpu.fill", () => {
  it.each([[[4]], [[1]], [[3, 1, 7]], [[5, 2, 0, 1, 6]], [[1000, 1]]])(
    "takes pieces of %j bytes",
    async (lengths) => {
      const gpu = await testGpu();
      const bytes = numbered(1003);
      const buffer = gpu.alloc("filled", bytes.length);
      await gpu.fill(buffer, handOut(cut(bytes, lengths)));
      expect(Buffer.from(await gpu.read(buffer, Uint8Array, 0, bytes.length)).equals(bytes)).toBe(true);
      buffer.free();
    },
  );

  it("uses a piece before it asks for the next", async () => {
    const gpu = await testGpu();
    const buffer = gpu.alloc("filled", 4000);
    const piece = new Uint8Array(1000);
    async function* same(): AsyncGenerator<Uint8Array> {
      for (let k = 1; k <= 4; k++) yield await Promise.resolve(piece.fill(k));
    }
    await gpu.fill(buffer, same());
    const read = await gpu.read(buffer, Uint8Array);
    expect([0, 1000, 2000, 3000].map((at) => read[at])).toEqual([1, 2, 3, 4]);
    buffer.free();
  });

  it("refuses more than fits, and passes on what the pieces throw", async () => {
    const gpu = await testGpu();
    const buffer = gpu.alloc("small", 16);
    await expect(gpu.fill(buffer, handOut([numbered(12), numbered(8)]))).rejects.toThrow(
      /small: too many bytes/,
    );
    async function* torn(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(numbered(3));
      throw new Error("torn");
    }
    await expect(gpu.fill(buffer, torn())).rejects.toThrow("torn");
    buffer.free();
    await gpu.idle();
  });
});

describe("uploads", () => {
  it("wait for the device when much is under way", async () => {
    const MIB = 2 ** 20;
    const asked: (() => void)[] = [];
    const queue = {
      writeBuffer: vi.fn(),
      submit: vi.fn(),
      onSubmittedWorkDone: () => new Promise<void>((resolve) => asked.push(resolve)),
    };
    const device = { queue } as unknown as GPUDevice;
    const maker = { createBuffer: () => ({}) as GPUBuffer, createTexture: () => ({}) as GPUTexture };
    const memory = new Allocator(maker, 2 ** 30, 2 ** 30);
    const transfers = new Transfers(
      device,
      memory,
      async (promise) => void (await promise),
      () => undefined,
    );
    const buffer = memory.alloc("plane", 160 * MIB);
    const piece = new Uint8Array(4 * MIB);
    const written = transfers.write(buffer, handOut(Array.from({ length: 40 }, () => piece)));
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    await settle();
    const ahead = queue.writeBuffer.mock.calls.length;
    expect(ahead).toBeLessThanOrEqual(10); // 32 MiB, and what is written before the device is asked again
    expect(ahead).toBeGreaterThan(4);
    asked[0]();
    await settle();
    expect(queue.writeBuffer.mock.calls.length).toBe(ahead + 2);
    const timer = setInterval(() => asked.forEach((resolve) => resolve()), 1);
    await written;
    clearInterval(timer);
    expect(queue.writeBuffer).toHaveBeenCalledTimes(40);
  });
});
