import { type FileHandle, open } from "node:fs/promises";
import { UserError } from "../errors.js";
import { CARD_BYTES, type FitsHeader, RECORD_BYTES, parseCards } from "./header.js";

/** Readers of FITS's big-endian element types, by BITPIX. */
const READERS: Readonly<Record<number, (view: DataView, at: number) => number>> = {
  8: (view, at) => view.getUint8(at),
  16: (view, at) => view.getInt16(at),
  32: (view, at) => view.getInt32(at),
  64: (view, at) => Number(view.getBigInt64(at)),
  [-32]: (view, at) => view.getFloat32(at),
  [-64]: (view, at) => view.getFloat64(at),
};
const MOST_HEADER_RECORDS = 1000;

/**
 * The two-dimensional image in a FITS file's primary HDU, read a window at a time (FITS standard 4.0, sections 3 and 4). Values are
 * BZERO + BSCALE * stored; an integer equal to BLANK is NaN.
 */
export class FitsImage {
  private constructor(
    readonly path: string,
    readonly header: FitsHeader,
    readonly nx: number,
    readonly ny: number,
    private readonly file: FileHandle,
    private readonly dataStart: number,
  ) {}

  /** Throws UserError where the file cannot be read or its primary HDU is not an image of two dimensions. */
  static async open(path: string): Promise<FitsImage> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      throw new UserError(`${path}: cannot be read (${error.code})`);
    });
    try {
      const { header, bytes } = await readHeader(file, path);
      const number = (key: string): number => Number(header.get(key));
      if (number("NAXIS") !== 2)
        throw new UserError(
          `${path}: expected an image of two dimensions in the first HDU, found NAXIS = ${number("NAXIS")}`,
        );
      const [nx, ny] = [number("NAXIS1"), number("NAXIS2")];
      if (!(Number.isInteger(nx) && Number.isInteger(ny) && nx > 0 && ny > 0))
        throw new UserError(`${path}: NAXIS1 = ${nx}, NAXIS2 = ${ny}: expected positive numbers of pixels`);
      if (!READERS[number("BITPIX")])
        throw new UserError(`${path}: BITPIX = ${number("BITPIX")} is no FITS element type`);
      const needed = bytes + (nx * ny * Math.abs(number("BITPIX"))) / 8;
      const { size } = await file.stat();
      if (size < needed) throw new UserError(`${path}: is cut off: ${size} bytes of ${needed}`);
      return new FitsImage(path, header, nx, ny, file, bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Pixels x0 <= x < x0 + nx, y0 <= y < y0 + ny (0-based), row-major; the window must lie within the image. */
  async window(x0: number, y0: number, nx: number, ny: number): Promise<Float64Array> {
    const bitpix = Number(this.header.get("BITPIX"));
    const read = READERS[bitpix];
    const size = Math.abs(bitpix) / 8;
    const scale = numberOr(this.header.get("BSCALE"), 1);
    const zero = numberOr(this.header.get("BZERO"), 0);
    const blank = bitpix > 0 ? numberOr(this.header.get("BLANK"), NaN) : NaN;
    const values = new Float64Array(nx * ny);
    const row = Buffer.alloc(size * nx);
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    for (let y = 0; y < ny; y++) {
      await this.file.read(row, 0, row.length, this.dataStart + size * ((y0 + y) * this.nx + x0));
      for (let x = 0; x < nx; x++) {
        const stored = read(view, size * x);
        values[y * nx + x] = stored === blank ? NaN : zero + scale * stored;
      }
    }
    return values;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

async function readHeader(file: FileHandle, path: string): Promise<{ header: FitsHeader; bytes: number }> {
  const record = Buffer.alloc(RECORD_BYTES);
  const cards: string[] = [];
  for (let n = 0; n < MOST_HEADER_RECORDS; n++) {
    const { bytesRead } = await file.read(record, 0, RECORD_BYTES, n * RECORD_BYTES);
    const text = record.toString("latin1", 0, bytesRead);
    if (n === 0 && !text.startsWith("SIMPLE  =")) throw new UserError(`${path}: is not a FITS file`);
    if (bytesRead < RECORD_BYTES) break;
    for (let at = 0; at < RECORD_BYTES; at += CARD_BYTES) cards.push(text.slice(at, at + CARD_BYTES));
    const end = cards.findIndex((card) => card.trimEnd() === "END");
    if (end >= 0) return { header: parseCards(cards.slice(0, end)), bytes: (n + 1) * RECORD_BYTES };
  }
  throw new UserError(`${path}: its FITS header has no END`);
}
