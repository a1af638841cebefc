import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

const BLOCK = 2880;

/** Writes an image of 32-bit floats, row-major, `nx` pixels a row, as a FITS file with these cards. */
export async function writeFits(
  path: string,
  data: Float32Array,
  nx: number,
  cards: Readonly<Record<string, number | string>>,
): Promise<void> {
  const all = {
    BITPIX: -32,
    NAXIS: 2,
    NAXIS1: nx,
    NAXIS2: data.length / nx,
    ...cards,
  };
  const lines = [
    card("SIMPLE", "T"),
    ...Object.entries(all).map(([key, value]) => card(key, shown(value))),
    "END",
  ];
  const header = Buffer.from(lines.map((line) => line.padEnd(80)).join(""), "ascii");
  const bytes = Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)).swap32();
  const out = createWriteStream(path);
  for (const [part, filler] of [
    [header, 0x20],
    [bytes, 0],
  ] as const) {
    out.write(part);
    out.write(Buffer.alloc((BLOCK - (part.length % BLOCK)) % BLOCK, filler));
  }
  out.end();
  await finished(out);
}

function card(key: string, value: string): string {
  return `${key.padEnd(8)}= ${value.padStart(20)}`;
}

function shown(value: number | string): string {
  return typeof value === "number" ? String(value).replace("e", "E") : `'${value.padEnd(8)}'`.padEnd(20);
}
