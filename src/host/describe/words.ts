import { type AsdfMap, type AsdfValue, TaggedScalar } from "../asdf/index.js";
import { nodeAt, timeOf } from "../models/tree.js";

/** Text of a file as a terminal may show it: control and direction characters as "·". */
export function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, "·");
}

/** Values that Roman's files have where something is not known. */
function isUnknown(value: unknown): boolean {
  return value === "?" || value === -999999 || value === "" || value === "None";
}

/** Reads metadata without insisting: what is absent, unknown or of another type is undefined. */
export class Facts {
  constructor(private readonly meta: AsdfMap) {}

  private value(path: string): AsdfValue | undefined {
    const node = nodeAt(this.meta, path);
    const value = node instanceof TaggedScalar ? node.value : node;
    return isUnknown(value) ? undefined : value;
  }

  text(path: string): string | undefined {
    const value = this.value(path);
    if (typeof value === "string") return plainText(value);
    return typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
  }

  number(path: string): number | undefined {
    const value = this.value(path);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  boolean(path: string): boolean | undefined {
    const value = this.value(path);
    return typeof value === "boolean" ? value : undefined;
  }

  /** A time as `2027-06-01 00:03:00`. */
  time(path: string): string | undefined {
    const time = timeOf(nodeAt(this.meta, path));
    return time?.isot.slice(0, 19).replace("T", " ");
  }

  map(path: string): AsdfMap {
    const node = nodeAt(this.meta, path);
    return typeof node === "object" && node !== null && !Array.isArray(node) ? (node as AsdfMap) : {};
  }
}

/** 17h59m59.99s +66°00'00.1". */
export function sexagesimal(ra: number, dec: number): string {
  return `${hours(ra)} ${degrees(dec)}`;
}

function parts(value: number, decimals: number): [string, string, string] {
  const unit = 10 ** decimals;
  const total = Math.round(value * 3600 * unit);
  const seconds = (total % (60 * unit)) / unit;
  const minutes = Math.floor(total / (60 * unit)) % 60;
  const width = decimals + 3;
  return [
    String(Math.floor(total / (3600 * unit))),
    String(minutes).padStart(2, "0"),
    seconds.toFixed(decimals).padStart(width, "0"),
  ];
}

function hours(ra: number): string {
  const [h, m, s] = parts((((ra % 360) + 360) % 360) / 15, 2);
  return `${(Number(h) % 24).toString().padStart(2, "0")}h${m}m${s}s`;
}

function degrees(dec: number): string {
  const [d, m, s] = parts(Math.abs(dec), 1);
  return `${dec < 0 ? "-" : "+"}${d.padStart(2, "0")}°${m}'${s}"`;
}

/** An angle in the unit it is read best in: 4.6', 12.3", 1.2°. */
export function angle(deg: number): string {
  if (deg >= 1) return `${deg.toPrecision(3)}°`;
  return deg * 60 >= 1 ? `${(deg * 60).toPrecision(3)}'` : `${(deg * 3600).toPrecision(3)}"`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(0)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(2)} GB`;
}

/** A number in few digits: 0.3271, 12.5, 3.2e-7. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** Lines broken between words to fit a width. */
export function wrap(words: readonly string[], width: number, between = ", "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const next = line === "" ? word : `${line}${between}${word}`;
    if (next.length > width && line !== "") {
      lines.push(line + between.trimEnd());
      line = word;
    } else line = next;
  }
  return line === "" ? lines : [...lines, line];
}
