import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { UtcTime } from "../../../src/host/models/time.js";

const at = (text: string): UtcTime => UtcTime.parse(text)!;

describe("UtcTime", () => {
  it.each([
    ["2027-06-01T00:03:00.000", "2027-06-01T00:03:00.000"],
    ["2027-06-01 00:03:00", "2027-06-01T00:03:00.000"],
    ["2027-06-01", "2027-06-01T00:00:00.000"],
    ["2027-06-01T00:06:59.9996", "2027-06-01T00:07:00.000"],
    ["2027-06-01T00:06:59.9994999", "2027-06-01T00:06:59.999"],
    ["1969-12-31T23:59:59.2504", "1969-12-31T23:59:59.250"],
  ])("%s reads as %s", (text, isot) => {
    expect(at(text).isot).toBe(isot);
  });

  it.each(["", "yesterday", "2027-13-01", "2027-06-01T00", "2461192.5"])("refuses %j", (text) => {
    expect(UtcTime.parse(text)).toBeUndefined();
  });

  it("takes means to the nanosecond and orders", () => {
    // astropy: Time(["2027-06-01T00:03:00.000", ...]).mean().isot
    const times = ["2027-06-01T00:03:00.000", "2027-06-01T00:12:00.000"].map(at);
    expect(UtcTime.mean(times).isot).toBe("2027-06-01T00:07:30.000");
    expect(UtcTime.mean(["2027-06-01T00:00:00", "2027-06-01T00:00:00.003"].map(at)).isot).toBe(
      "2027-06-01T00:00:00.002",
    );
    expect(times[0].compare(times[1])).toBe(-1);
    expect(times[0].compare(at("2027-06-01 00:03"))).toBe(0);
    expect(() => UtcTime.mean([])).toThrow(UserError);
  });

  it("prints as astropy's datetime format", () => {
    expect(at("2026-11-21T09:55:14.456135").datetime).toBe("2026-11-21 09:55:14.456135");
    expect(at("2026-11-21T09:55:14").datetime).toBe("2026-11-21 09:55:14");
  });
});
