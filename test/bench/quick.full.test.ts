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
    const { host, rates, kernels, drizzle, runs } = JSON.parse(readFileSync(out, "utf8")) as Results;
    for (const value of [...Object.values(host ?? {}), ...rates.flatMap((rate) => Object.values(rate))])
      if (typeof value === "number") expect(value).toBeGreaterThan(0);
    expect(rates.map(({ device: name }) => name)).toEqual([kernels[0].device]);
    expect(drizzle).toHaveLength(1);
    expect(drizzle[0].warm[0]).toBeGreaterThan(0);
    expect(drizzle[0].stages?.step).toBe("resample");
    expect(kernels.length).toBeGreaterThan(10);
    for (const { seconds, share } of kernels) {
      expect(seconds).toBeGreaterThan(0);
      expect(share).toBeGreaterThan(0);
    }
    expect(kernels[0]).toMatchObject({ kernel: "bench/copy", share: 1 });
    const ours = runs.filter(({ program }) => program === "romancal-webgpu");
    expect(ours.map(({ suite, failed }) => [suite, failed])).toEqual([
      ["exposures", undefined],
      ["whole", undefined],
    ]);
    for (const { seconds, cpuSeconds, steps, stages, sources, residentBytes } of ours) {
      const inSteps = Object.values(steps).reduce((sum, value) => sum + value, 0);
      expect(seconds[0]).toBeGreaterThan(inSteps);
      expect(cpuSeconds).toBeGreaterThan(0.1);
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
