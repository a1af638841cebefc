import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PIPELINES, STEPS } from "../../src/pipelines/options.js";
import { columnNames } from "../../src/pipelines/source_catalog/columns.js";

const root = new URL("../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), "utf8");
const page = text("docs/parity.md");

/** The first row of each name in the table under a heading, by its name. */
function rowsUnder(heading: string): Map<string, string> {
  const [, after = ""] = page.split(`${heading}\n`);
  const rows = after.split(/\n#{2,3} /)[0].matchAll(/^\| `([^`]+)` .*$/gm);
  return new Map([...rows].map(([row, name]) => [name, row]));
}

// `npm run docs:parity` writes the page; these hold where it is out of date
describe("docs/parity.md", () => {
  it("has every column of the catalog, each compared", () => {
    const rows = rowsUnder("## Catalog columns");
    expect([...rows.keys()]).toEqual(columnNames(true));
    for (const [name, row] of rows) expect(row, name).not.toContain("not compared");
  });

  it("has every option of the pipelines and steps, each tested", () => {
    const common = rowsUnder("### Every step and the pipelines");
    const specs = [["roman_mos and roman_hlp", PIPELINES.roman_mos.spec], ...Object.entries(STEPS)] as const;
    for (const [title, spec] of specs) {
      const rows = rowsUnder(`### ${title}`);
      const missing = Object.keys(spec).filter((name) => !rows.has(name) && !common.has(name));
      expect(missing, title).toEqual([]);
    }
    expect(page).not.toContain("not tested");
  });

  it("names tests that there are", () => {
    const behaviour = JSON.parse(text("test/parity/behaviour.json")) as Record<
      string,
      { file: string; title: string }[]
    >;
    for (const [option, tests] of Object.entries(behaviour))
      for (const { file, title } of tests)
        expect(text(file).includes(title), `${option}: ${title}`).toBe(true);
    for (const [, file] of page.matchAll(/`((?:test|tools)\/[^`\s]+)/g))
      expect(existsSync(new URL(file, root)), file).toBe(true);
  });
});
