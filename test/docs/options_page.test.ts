import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { optionsPage } from "../../src/cli/options_page.js";

it("docs/options.md says what the options are (npm run docs:options writes it)", () => {
  expect(readFileSync(new URL("../../docs/options.md", import.meta.url), "utf8")).toBe(optionsPage());
});
