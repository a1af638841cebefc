import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, install, root } from "./build.mjs";
import { parityPage } from "./parity/page.mjs";

// Runs the tests that compare with romancal, and writes docs/parity.md from what they measured.

const TESTS = ["test/parity", "test/kernels/source_catalog/catalogs_golden.test.ts"];

/** Runs the tests with a folder for their figures; gives every line they left. Ends the process where one fails. */
function measured() {
  const folder = mkdtempSync(join(tmpdir(), "parity-"));
  try {
    const require = createRequire(join(root, "package.json"));
    const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
    const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "default", ...TESTS], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, ROMANCAL_WEBGPU_PARITY: folder },
    });
    if (status !== 0) {
      console.error("docs/parity.md was not written: a comparison is out of tolerance");
      process.exit(status ?? 1);
    }
    return readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const json = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

install();
build();
const { PIPELINES, STEPS } = await import(join(root, "dist/pipelines/options.js"));
const { showValue } = await import(join(root, "dist/pipelines/option_types.js"));
const { columnNames } = await import(join(root, "dist/pipelines/source_catalog/columns.js"));
const page = parityPage({
  records: measured(),
  behaviour: json("test/parity/behaviour.json"),
  fullCase: json("tools/oracle/full_case.json"),
  columns: columnNames(true),
  pipeline: PIPELINES.roman_mos.spec,
  steps: STEPS,
  showValue,
});
writeFileSync(join(root, "docs/parity.md"), page);
console.log("docs/parity.md");
