import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NdArray, openAsdf, writeAsdf, type AsdfFile } from "../../../src/host/asdf/index.js";
import { FIXTURES, expand, messageOf, temporaryFolder } from "./helpers.js";

const root = join(FIXTURES, "asdf-standard");
const versions = readdirSync(root).filter((name) => /^\d/.test(name));
const filesOf = (version: string): string[] =>
  readdirSync(join(root, version)).filter((f) => f.endsWith(".asdf") && !/\d{4}\.asdf$/.test(f));

/** The generator's own software and history differ between the two files of some pairs. */
async function values(file: AsdfFile): Promise<unknown> {
  const own = ([key]: [string, unknown]): boolean => key !== "asdf_library" && key !== "history";
  return expand(Object.fromEntries(Object.entries(file.tree).filter(own)));
}

test("all seven versions are here", () => {
  expect(versions).toEqual(["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0", "1.6.0"]);
});

describe.each(versions)("reference files of standard %s", (version) => {
  test.each(filesOf(version))("%s reads to the values of its .yaml file and round-trips", async (name) => {
    const path = join(root, version, name);
    const file = await openAsdf(path, { external: true });
    const expected = await openAsdf(path.replace(/asdf$/, "yaml"));
    expect(file.standard).toBe(version);
    const read = await values(file);
    expect(Object.keys(read as object).length).toBeGreaterThan(0);
    expect(read).toEqual(await values(expected));

    const copy = join(temporaryFolder(), name);
    await writeAsdf(copy, file.tree, { standard: version });
    const again = await openAsdf(copy);
    expect(again.standard).toBe(version);
    expect(await values(again)).toEqual(read);
    expect(await expand(again.tree)).toEqual(await expand(file.tree));
    await Promise.all([file.close(), expected.close(), again.close()]);
  });
});

test("arrays in other files are refused unless that is allowed", async () => {
  const file = await openAsdf(join(root, "1.6.0", "exploded.asdf"));
  const message = await messageOf((file.tree.data as NdArray).read());
  expect(message).toMatch(/UserError: .*exploded\.asdf: data: .*exploded0000\.asdf.*external: true/);
  await file.close();
});
