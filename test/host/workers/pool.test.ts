import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compressSync } from "lz4-napi";
import { NdArray, openAsdf, writeAsdf } from "../../../src/host/asdf/index.js";
import { ProducerStore } from "../../../src/host/asdf/store.js";
import { WorkerPool } from "../../../src/host/workers/pool.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "workers-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two frames and a bit: blocks are cut every 4 MiB. */
const values = Float32Array.from({ length: 2_500_000 }, (_, i) => Math.sin(i) * (i % 97));

function isSame(array: unknown): boolean {
  return array instanceof Float32Array && Buffer.from(array.buffer).equals(Buffer.from(values.buffer));
}

async function file(name: string): Promise<string> {
  const path = join(folder, name);
  await writeAsdf(path, { a: NdArray.from(values) }, { compression: "lz4" });
  return path;
}

async function readBack(path: string): Promise<unknown> {
  const opened = await openAsdf(path);
  try {
    return await (opened.tree.a as NdArray).read();
  } finally {
    await opened.close();
  }
}

describe("worker threads", () => {
  it("decode a block, whole and piece by piece", async () => {
    const path = await file("good.asdf");
    expect(await readBack(path)).toSatisfy(isSame);
    const opened = await openAsdf(path);
    const seen = new Uint8Array(values.byteLength);
    let done = 0;
    for await (const piece of (opened.tree.a as NdArray).pieces()) {
      seen.set(piece, done);
      done += piece.length;
      piece.fill(255); // memory that the next may be decoded into
    }
    await opened.close();
    expect(new Float32Array(seen.buffer)).toSatisfy(isSame);
  });

  it("leave it to the main thread to say what is wrong with a block", async () => {
    const path = await file("bad.asdf");
    const bytes = await readFile(path);
    bytes[bytes.length - 5000] ^= 1;
    await writeFile(path, bytes);
    await expect(readBack(path)).rejects.toThrow(/bad\.asdf: block 0 .*(damaged|checksum)/);
  });

  it("encode frames that decode, with their md5", async () => {
    const shared = (bytes: Uint8Array): Uint8Array => {
      const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
      copy.set(bytes);
      return copy;
    };
    const pieces = ["abc", "def"].map((text) => new TextEncoder().encode(text.repeat(1000)));
    const lane = new WorkerPool(1).share();
    const hashes = [1, 2].map(() => createHash("md5"));
    for (const piece of pieces)
      for (const key of [1, 2]) {
        const out = shared(new Uint8Array(4000));
        const { length } = await lane.call("encode", { bytes: shared(piece), out, key });
        const frame = out.slice(0, length);
        const block = compressSync(Buffer.from(piece));
        expect(Buffer.from(frame.subarray(4)).equals(block)).toBe(true);
        expect(new DataView(frame.buffer).getUint32(0)).toBe(block.length);
        hashes[key - 1].update(frame);
      }
    for (const key of [1, 2]) {
      const { digest } = await lane.call("finish", { key });
      expect(Buffer.from(digest!).equals(hashes[key - 1].digest())).toBe(true);
      expect((await lane.call("finish", { key })).digest).toBeUndefined();
    }
  });

  it("are free again where a file cannot be written to its end", async () => {
    const large = new Float32Array(20_000_000);
    const failing = new NdArray({
      shape: [2 ** 20],
      datatype: "uint8",
      store: new ProducerStore(2 ** 20, () => {
        throw new Error("no more");
      }),
    });
    const tree = {
      bad: failing,
      ...Object.fromEntries([0, 1, 2, 3].map((k) => [`a${k}`, NdArray.from(large.slice())])),
    };
    const path = join(folder, "failing.asdf");
    await expect(writeAsdf(path, tree, { compression: "lz4" })).rejects.toThrow("no more");
    expect(await readBack(await file("after.asdf"))).toSatisfy(isSame);
  });

  it("serve more who ask than there are threads, and report what fails", async () => {
    const pool = new WorkerPool(2);
    const handle = await open(await file("many.asdf"), "r");
    const task = { fd: handle.fd, start: 0, used: 100, from: 0, to: 100, checksum: false };
    const results = await Promise.allSettled(
      Array.from({ length: 7 }, () =>
        pool.with(async (lane) => {
          await lane.call("open", task);
          return lane.call("next", { most: 10 });
        }),
      ),
    );
    await handle.close();
    expect(results.map(({ status }) => status)).toEqual(Array(7).fill("rejected"));
  });
});
