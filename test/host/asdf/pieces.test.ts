import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Compression, NdArray, openAsdf, writeAsdf } from "../../../src/host/asdf/index.js";
import { messageOf, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
/** Of three frames of lz4. */
const COUNT = 2_500_001;
const numbers = Float32Array.from({ length: COUNT }, (_, i) => ((i * 2654435761) >>> 8) % 1000);
const bytes = Buffer.from(numbers.buffer);
const FRAME = 1 << 22;
const RANGES = [
  [0, bytes.length],
  [0, 8],
  [FRAME - 4, 8],
  [FRAME, FRAME],
  [FRAME + 12, FRAME + 400],
  [2 * FRAME + 4, bytes.length - 2 * FRAME - 4],
  [bytes.length - 4, 4],
  [100, 0],
] as const;

async function piecesOf(node: NdArray, start: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of node.pieces(start, length)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe("pieces of a part of an array", () => {
  it.each(["none", "lz4", "zlib"] as Compression[])("are its bytes: %s", async (compression) => {
    const path = join(folder, `${compression}.asdf`);
    await writeAsdf(path, { numbers: NdArray.from(numbers) }, { compression });
    for (const checksums of [true, false])
      for (const [start, length] of RANGES) {
        const file = await openAsdf(path, { checksums });
        const node = file.tree.numbers as NdArray;
        const expected = bytes.subarray(start, start + length);
        for (let again = 0; again < 2; again++)
          expect((await piecesOf(node, start, length)).equals(expected), `${start} ${length}`).toBe(true);
        await file.close();
      }
  });

  it("tell that the file is damaged, though elsewhere", async () => {
    const path = join(folder, "damaged.asdf");
    await writeAsdf(path, { numbers: NdArray.from(numbers) }, { compression: "lz4" });
    const stored = await readFile(path);
    stored[stored.length - 5000] ^= 1;
    await writeFile(path, stored);
    const file = await openAsdf(path);
    expect(await messageOf(piecesOf(file.tree.numbers as NdArray, 400, 4000))).toMatch(/damaged/);
    await file.close();
  });
});
