import { UserError } from "../errors.js";

const MILLISECOND = 1_000_000n;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9})\d*)?)?)?Z?$/;

/**
 * An instant of UTC to the nanosecond, as astropy's `Time` of format isot gives it. Leap seconds (the last was 2016) are not
 * represented: two instants around one differ by a second less than they should.
 */
export class UtcTime {
  private constructor(private readonly nanoseconds: bigint) {}

  /** Of an ISO 8601 text, `2027-06-01T00:03:00.000`; undefined where it is none. */
  static parse(text: string): UtcTime | undefined {
    const match = ISO.exec(text.trim());
    if (!match) return undefined;
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
    const date = Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 60));
    if (!Number.isFinite(date) || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
    return new UtcTime(BigInt(date) * MILLISECOND + BigInt((match[7] ?? "").padEnd(9, "0")));
  }

  static now(): UtcTime {
    return new UtcTime(BigInt(Date.now()) * MILLISECOND);
  }

  /** Throws UserError for an empty list. */
  static mean(times: readonly UtcTime[]): UtcTime {
    if (times.length === 0) throw new UserError("the mean of no times");
    const sum = times.reduce((total, time) => total + time.nanoseconds, 0n);
    return new UtcTime(divideRounded(sum, BigInt(times.length)));
  }

  /** Negative where this is before `other`. */
  compare(other: UtcTime): number {
    return this.nanoseconds < other.nanoseconds ? -1 : this.nanoseconds > other.nanoseconds ? 1 : 0;
  }

  /** `2027-06-01T00:03:00.000`: milliseconds, rounded. */
  get isot(): string {
    return new Date(Number(divideRounded(this.nanoseconds, MILLISECOND))).toISOString().slice(0, -1);
  }

  /** As `str()` of astropy's `Time` of format datetime: `2027-06-01 00:03:00`, with microseconds where they are not 0. */
  get datetime(): string {
    const text = this.isot.replace("T", " ");
    const micro = (((this.nanoseconds / 1000n) % 1_000_000n) + 1_000_000n) % 1_000_000n;
    return text.slice(0, 19) + (micro === 0n ? "" : `.${String(micro).padStart(6, "0")}`);
  }
}

function divideRounded(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  const rest = value % by;
  if (rest * 2n >= by) return quotient + 1n;
  if (rest * 2n < -by) return quotient - 1n;
  return quotient;
}
