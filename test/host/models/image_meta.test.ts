import { describe, expect, it } from "vitest";
import { type AsdfMap, NdArray, float, tagOf, withTag } from "../../../src/host/asdf/index.js";
import { individualImageMeta } from "../../../src/host/models/image_meta.js";

/** Columns of a table node: datatype and values, times as their strings. */
async function columnsOf(table: AsdfMap): Promise<Record<string, [string, unknown[]]>> {
  const nodes = table.columns as AsdfMap[];
  const entries = nodes.map(async (node, i) => {
    const array = (node.data ?? node.value) as NdArray;
    const text = typeof array.datatype !== "string";
    const values = text ? await array.readStrings() : Array.from(await array.read(), String);
    const kind = text ? `ucs4 ${String((array.datatype as [string, number])[1])}` : String(array.datatype);
    return [(table.colnames as string[])[i], [kind, values]] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, [string, unknown[]]>;
}

describe("individualImageMeta", () => {
  it("makes the columns that romancal's TableBuilder makes", async () => {
    const rows: AsdfMap[] = [
      {
        i: 1,
        f: float(1),
        fi: 1,
        s: "a",
        b: true,
        n: null,
        inone: 1,
        snone: "x",
        bnone: true,
        lst: [1, float(2), "q'", null, true],
        d: { a: [], b: { c: 1e-7 } },
        mixed: 1,
        late_skip: 3,
      },
      {
        ...{ i: 2, f: 2.5, fi: 2.5, s: "bcd", b: false, n: null, inone: null, snone: null, bnone: null },
        ...{ lst: [], d: {}, mixed: "one", late: 7 },
      },
    ];
    const meta = individualImageMeta(rows.map((visit) => ({ visit })));
    expect(tagOf(meta.visit)).toBe("tag:astropy.org:astropy/table/table-1.3.0");
    // romancal 1.0.1 TableBuilder.to_table() of the same rows: dtype and values
    expect(await columnsOf(meta.visit as AsdfMap)).toEqual({
      i: ["int64", ["1", "2"]],
      f: ["float64", ["1", "2.5"]],
      fi: ["float64", ["1", "2.5"]],
      s: ["ucs4 3", ["a", "bcd"]],
      b: ["bool8", ["1", "0"]],
      n: ["ucs4 4", ["None", "None"]],
      inone: ["float64", ["1", "NaN"]],
      snone: ["ucs4 4", ["x", "None"]],
      bnone: ["ucs4 4", ["True", "None"]],
      lst: ["ucs4 26", [`[1, 2.0, "q'", None, True]`, "[]"]],
      d: ["ucs4 28", ["{'a': [], 'b': {'c': 1e-07}}", "{}"]],
      mixed: ["ucs4 3", ["1", "one"]],
      late_skip: ["float64", ["3", "NaN"]],
      late: ["float64", ["NaN", "7"]],
    });
  });

  it("collects scalars of the top level in basic, keeps times as times, leaves out what rad does not list", async () => {
    const time = withTag("!time/time-1.4.0", { base_format: "datetime", value: "2026-11-21T09:55:03.808" });
    const start = withTag("!time/time-1.4.0", "2027-06-01T00:03:00.000");
    const meta = individualImageMeta([
      { filename: "a.asdf", file_date: time, exposure: { start_time: start }, wcs: {}, statistics: { x: 1 } },
    ]);
    expect(Object.keys(meta)).toEqual(["basic", "exposure"]);
    expect(await columnsOf(meta.basic as AsdfMap)).toEqual({
      filename: ["ucs4 6", ["a.asdf"]],
      file_date: ["ucs4 23", ["2026-11-21T09:55:03.808"]],
    });
    const [fileDate] = ((meta.basic as AsdfMap).columns as AsdfMap[]).slice(1);
    expect(tagOf(fileDate)).toBe("tag:stsci.edu:asdf/time/time-1.4.0");
    expect(fileDate.base_format).toBe("datetime");
    expect(await columnsOf(meta.exposure as AsdfMap)).toEqual({
      start_time: ["ucs4 23", ["2027-06-01T00:03:00.000"]],
    });
  });
});
