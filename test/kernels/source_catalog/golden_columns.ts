import { expect } from "vitest";
import type { CatalogTable } from "../../../src/host/models/index.js";
import { type Measured, measure, record } from "../../helpers/record.js";

/** A column of a catalog of romancal's; null is NaN. */
export interface GoldenColumn {
  readonly name: string;
  readonly values: readonly (number | boolean | null)[];
}

interface Scale {
  readonly unit: "sigma" | "pixel" | "relative" | "degree";
  readonly limit: number;
  /** What one of the unit is in the column's own. */
  readonly one: (value: number) => number;
}

/** What f32 pixels leave of romancal's f64 sums: fluxes to 0.05 of their errors, positions to 0.001 pixels, the rest to 0.001 of itself. */
function scaleOf(name: string, error: number | undefined): Scale {
  if (error !== undefined) return { unit: "sigma", limit: 0.05, one: () => error };
  if (/^(forced_)?[xy]_(centroid|psf)/.test(name)) return { unit: "pixel", limit: 1e-3, one: () => 1 };
  if (/^(forced_)?(ra|dec)(_|$)/.test(name))
    return { unit: "pixel", limit: 1e-3, one: () => 0.055 / 3600 / Math.cos((66 * Math.PI) / 180) };
  // axes of round sources turn with the last bits of the moments
  if (/orientation/.test(name)) return { unit: "degree", limit: 0.05, one: () => 1 };
  return { unit: "relative", limit: 1e-3, one: (value) => Math.max(Math.abs(value), 0.01) };
}

/** Expects the columns' values row by row; figures of each are recorded under `caseName`, all of them for an `options` of the step. */
export function expectColumns(
  { columns: ours }: CatalogTable,
  columns: readonly GoldenColumn[],
  caseName: string,
  options: Readonly<Record<string, unknown>>,
): void {
  const errors = new Map(columns.map(({ name, values }) => [name, values]));
  const whole = new Map<string, number[]>();
  for (const { name, values } of columns) {
    const column = ours.find((one) => one.name === name);
    expect(column, name).toBeDefined();
    const got = Array.from(column!.data as ArrayLike<number | bigint>, Number);
    expect(got.length).toBe(values.length);
    const exact = !column!.datatype.startsWith("float");
    const flux = /flux$/.test(name) ? errors.get(`${name}_err`) : undefined;
    const scales = values.map((_, row) => scaleOf(name, flux && Number(flux[row])));
    const apart = values.map((value, row) => {
      if (value === null) return Number.isNaN(got[row]) ? 0 : Infinity;
      if (exact) return Number(got[row] !== Number(value));
      return Math.abs(got[row] - Number(value)) / scales[row].one(Number(value));
    });
    const unit = exact ? "rows that differ" : (scales[0]?.unit ?? "relative");
    const limit = exact ? 0 : (scales[0]?.limit ?? 0);
    const figures: Measured = measure(name, unit, limit, apart);
    record({ kind: "column", name: name.replace(/^forced_/, ""), case: caseName }, [figures]);
    whole.set(unit, (whole.get(unit) ?? []).concat(apart));
    apart.forEach((off, row) =>
      expect(off, `${name}, row ${row}: ${got[row]} for ${values[row]}`).toBeLessThanOrEqual(limit),
    );
  }
  const limits: Record<string, number> = { sigma: 0.05, pixel: 1e-3, relative: 1e-3, degree: 0.05 };
  const names: Record<string, string> = {
    sigma: "fluxes",
    pixel: "positions",
    degree: "angles",
    "rows that differ": "integers, flags",
  };
  const summary = [...whole].map(([unit, apart]) =>
    measure(names[unit] ?? "others", unit, limits[unit] ?? 0, apart),
  );
  record({ kind: "option", step: "source_catalog", options, case: "small" }, summary);
}
