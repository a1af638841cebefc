import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type AsdfMap,
  FrameEncoder,
  FrameFile,
  FrameStore,
  NdArray,
  openAsdf,
  toBytes,
  writeAsdf,
} from "../../../src/host/asdf/index.js";
import { workers } from "../../../src/host/workers/pool.js";
import { messageOf, sameBytes, temporaryFolder } from "./helpers.js";

const COUNT = 3_000_001;
const wave = Float32Array.from({ length: COUNT }, (_, i) => Math.round(100 * Math.sin(i / 1000)));
const noise = Float32Array.from({ length: COUNT }, (_, i) => Math.fround(Math.sin(i * i)));
const zeros = new Float32Array(COUNT);
const ROOM = 5000;

/** Pieces of odd sizes, whose memory is written again. */
async function* piecesOf(array: Float32Array, from = 0, to = array.length): AsyncGenerator<Uint8Array> {
  const bytes = new Uint8Array(array.buffer, 4 * from, 4 * (to - from));
  const piece = new Uint8Array(1_234_567);
  for (let at = 0; at < bytes.length; at += piece.length) {
    const part = bytes.subarray(at, at + piece.length);
    piece.set(part);
    yield await Promise.resolve(piece.subarray(0, part.length));
    piece.fill(255);
  }
}

function nodeOf(store: FrameStore): NdArray {
  return new NdArray({ shape: [COUNT], datatype: "float32", store });
}

async function encode(
  arrays: readonly Float32Array[],
  options: { file?: FrameFile; together?: boolean } = {},
): Promise<FrameStore[]> {
  const encoders = arrays.map(() => new FrameEncoder({ ...options, checksum: true }));
  if (options.together)
    for (const [k, array] of arrays.entries()) {
      await encoders[k].append(piecesOf(array));
      encoders[k].end();
    }
  else
    for (const [from, to] of [
      [0, 2_000_000],
      [2_000_000, COUNT],
    ])
      for (const [k, array] of arrays.entries()) await encoders[k].append(piecesOf(array, from, to));
  return Promise.all(encoders.map((encoder) => encoder.finish()));
}

/** All arrays of a file, checked against its checksums. */
async function expectArrays(path: string, arrays: Record<string, Float32Array>): Promise<void> {
  const file = await openAsdf(path);
  for (const [name, array] of Object.entries(arrays))
    expect(sameBytes(await (file.tree[name] as NdArray).read(), array), name).toBe(true);
  expect((await file.blocks.all()).every(({ checksum }) => checksum.length === 16)).toBe(true);
  await file.close();
}

describe("frames", () => {
  test.each(["in memory", "in a file, array by array", "in a file, mixed"])(
    "%s decode to the same bits",
    async (where) => {
      const file = new FrameFile(join(temporaryFolder(), "frames"), "x", ROOM);
      const together = where.includes("by");
      const stores = await encode([wave, noise, zeros], where === "in memory" ? {} : { file, together });
      for (const [k, array] of [wave, noise, zeros].entries()) {
        const node = nodeOf(stores[k]);
        expect(sameBytes(await node.read(), array)).toBe(true);
        for (const [first, count] of [
          [0, 10],
          [1_048_570, 20],
          [1_999_990, 1_000_011],
        ]) {
          const part = await node.view({ shape: [count], offset: 4 * first }).read();
          expect(sameBytes(part, array.subarray(first, first + count))).toBe(true);
        }
        const pieces: Uint8Array[] = [];
        for await (const piece of node.pieces()) pieces.push(piece.slice());
        expect(Buffer.concat(pieces).equals(Buffer.from(array.buffer))).toBe(true);
        expect(stores[k].start !== undefined).toBe(together);
      }
      expect(stores[2].used).toBeLessThan(60_000);
      await file.remove();
    },
  );

  test("joined are the arrays one after the other", async () => {
    const joined = FrameStore.joined(await encode([wave, noise]));
    const both = new NdArray({ shape: [2, COUNT], datatype: "float32", store: joined });
    const read = (await both.read()) as Float32Array;
    expect(sameBytes(read.subarray(0, COUNT), wave) && sameBytes(read.subarray(COUNT), noise)).toBe(true);
    const bytes = await toBytes({ both }, { compression: "lz4" });
    const again = await openAsdf(bytes);
    expect(sameBytes(await (again.tree.both as NdArray).read(), read)).toBe(true);
  });

  test("are encoded here where workers fail, with the right checksum", async () => {
    const failing = workers.share();
    const { call } = failing;
    let calls = 0;
    failing.call = (...args) =>
      ++calls === 2 ? Promise.reject(new Error("gone")) : (call.apply(failing, args) as never);
    const share = workers.share.bind(workers);
    workers.share = () => failing;
    try {
      const [store] = await encode([noise]);
      expect(calls).toBeGreaterThan(2);
      const path = join(temporaryFolder(), "x.asdf");
      await writeAsdf(path, { noise: nodeOf(store) }, { compression: "lz4" });
      await expectArrays(path, { noise });
    } finally {
      failing.call = call;
      workers.share = share;
    }
  });
});

describe("a file of frames", () => {
  test.each([
    ["becomes the product", true, {}, true],
    ["becomes the product, with an array more", true, { more: NdArray.from(wave) }, true],
    ["is copied where the tree has no room", true, { log: "x".repeat(ROOM) }, false],
    ["is copied where its arrays are mixed", false, {}, false],
  ])("%s", async (_, together, more: AsdfMap, becomes) => {
    const folder = temporaryFolder();
    const file = new FrameFile(join(folder, "frames"), "x", ROOM);
    const [a, b] = await encode([noise, wave], { file, together });
    const path = join(folder, "x.asdf");
    const tree: AsdfMap = { ...more, wave: nodeOf(b), noise: nodeOf(a) };
    await writeAsdf(path, tree, { compression: "lz4", frames: file });
    expect(readdirSync(folder)).toEqual(becomes ? ["x.asdf"] : ["frames", "x.asdf"]);
    const arrays = { noise, wave, ...("more" in more ? { more: wave } : {}) };
    await expectArrays(path, arrays);
    // readable, whatever became of it
    await writeAsdf(join(folder, "y.asdf"), tree, { compression: "lz4", frames: becomes ? file : undefined });
    for (const name of ["x.asdf", "y.asdf"]) await expectArrays(join(folder, name), arrays);
    if (becomes) return;
    await file.remove();
    expect(readdirSync(folder)).toEqual(["x.asdf", "y.asdf"]);
  });

  test("grows no longer than its frames", async () => {
    const folder = temporaryFolder();
    const file = new FrameFile(join(folder, "frames"), "x", ROOM);
    const [a] = await encode([zeros, noise], { file, together: true });
    await writeAsdf(join(folder, "x.asdf"), { zeros: nodeOf(a) }, { compression: "lz4", frames: file });
    expect(statSync(join(folder, "x.asdf")).size).toBeLessThan(ROOM + 60_000);
    await expectArrays(join(folder, "x.asdf"), { zeros });
  });

  test("that cannot be written is told in one line, and leaves nothing", async () => {
    const folder = temporaryFolder();
    const file = new FrameFile(join(folder, "no", "frames"), join(folder, "x.asdf"), ROOM);
    expect(await messageOf(encode([wave], { file }))).toBe(
      `UserError: ${join(folder, "x.asdf")}: cannot be written: no such file or directory`,
    );
    await file.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("holds up nobody where an array does not come to its end", async () => {
    const folder = temporaryFolder();
    const file = new FrameFile(join(folder, "frames"), "x", ROOM);
    const [first, second] = [0, 1].map(() => new FrameEncoder({ file, together: true }));
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* piecesOf(wave, 0, 2_000_000);
      throw new Error("no more");
    };
    expect(await messageOf(first.append(broken()))).toBe("Error: no more");
    first.abandon();
    await second.append(piecesOf(noise));
    expect(sameBytes(await nodeOf(await second.finish()).read(), noise)).toBe(true);
    await file.remove();
    expect(readdirSync(folder)).toEqual([]);
  });
});
