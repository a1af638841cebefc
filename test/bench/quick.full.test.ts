import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Results } from "../../bench/measure/results.js";
import { scratch } from "../helpers/cli.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("npm run bench -- --quick measures kernels and runs", { timeout: 900_000 }, async () => {
  const folder = await scratch();
  const out = join(folder, "results.json");
  try {
    const device = process.env.ROMANCAL_WEBGPU_DEVICE ?? "auto";
    const words = ["scripts/bench.mjs", "--quick", `--device=${device}`, "--romancal=none"];
    const { status, stderr } = spawnSync(
      process.execPath,
      [...words, `--out=${out}`, `--scratch=${join(folder, "scratch")}`],
      { cwd: ROOT, encoding: "utf8" },
    );
    expect(stderr).not.toMatch(/Error/);
    expect(status).toBe(0);
    const { kernels, runs } = JSON.parse(readFileSync(out, "utf8")) as Results;
    expect(kernels.length).toBeGreaterThan(10);
    for (const { seconds, share } of kernels) {
      expect(seconds).toBeGreaterThan(0);
      expect(share).toBeGreaterThan(0);
    }
    expect(kernels[0]).toMatchObject({ kernel: "bench/copy", share: 1 });
    const ours = runs.filter(({ program }) => program === "romancal-webgpu");
    expect(ours.map(({ suite, failed }) => [suite, failed])).toEqual([
      ["exposures", undefined],
      ["case", undefined],
    ]);
    for (const { seconds, steps, stages, sources, residentBytes } of ours) {
      const inSteps = Object.values(steps).reduce((sum, value) => sum + value, 0);
      expect(seconds[0]).toBeGreaterThan(inSteps);
      expect(sources).toBeGreaterThan(10);
      expect(residentBytes).toBeGreaterThan(100e6);
      expect(stages?.map(({ step }) => step)).toEqual(Object.keys(steps));
      for (const { seconds: whole, other, stages: parts } of stages ?? []) {
        expect(other).toBeLessThanOrEqual(whole);
        for (const part of Object.values(parts)) expect(part).toBeLessThanOrEqual(whole * 1.000001);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
