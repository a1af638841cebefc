import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/host/models/index.js";
import { makeContext } from "../../src/pipelines/context.js";
import { flux } from "../../src/pipelines/flux.js";
import { ModelLibrary } from "../../src/pipelines/library.js";
import { SKYMATCH, type SkyMatchOptions } from "../../src/pipelines/options.js";
import { skymatch } from "../../src/pipelines/skymatch.js";
import { testGpu } from "../helpers/gpu.js";
import { measure, record } from "../helpers/record.js";
import { fixtures, readGolden } from "./golden.js";

const defaults = Object.fromEntries(
  Object.entries(SKYMATCH).map(([name, option]) => [name, option.default]),
) as SkyMatchOptions;

/** A thousandth of the pixel noise, which is 0.03 MJy/sr or more in the small cases. */
const THOUSANDTH = 3e-5;

async function levels(
  name: string,
  options: Partial<SkyMatchOptions> = {},
  { calibrate = true } = {},
): Promise<{ level: number; status: string; subtracted: boolean; method: string }[]> {
  const ctx = makeContext(await testGpu());
  const { association, models } = await openDataset(`${fixtures}${name}/L3_asn.json`);
  const library = new ModelLibrary(ctx, association, models);
  if (calibrate) flux(ctx, library);
  await skymatch(ctx, library, { ...defaults, ...options });
  await library.evictAll();
  await Promise.all(models.map((model) => model.close()));
  return models.map(({ metadata }) => ({
    level: metadata.number("background.level"),
    status: metadata.string("cal_step.skymatch"),
    subtracted: metadata.optionalBoolean("background.subtracted") ?? false,
    method: metadata.string("background.method"),
  }));
}

const METHODS: [Partial<SkyMatchOptions>, number[]][] = [
  [
    { skymethod: "local", skystat: "median" },
    [0.25708284974098206, 0.27248328924179077, 0.24148999154567719, 0.2649131119251251],
  ],
  [
    { skymethod: "global", skystat: "midpt", dqbits: "0" },
    [0.24087128747050884, 0.24087128747050884, 0.24087128747050884, 0.24087128747050884],
  ],
  [
    { skymethod: "global+match", subtract: true, skystat: "mean", match_down: false },
    [0.2574937453035029, 0.2729346454143524, 0.2419415165280115, 0.26538638404283826],
  ],
  [
    { stepsize: 20, lower: 0.1, upper: 0.6, nclip: 3, lsigma: 2.5, usigma: 3.0, binwidth: 0.05 },
    [0.014128245488093237, 0.029849112405764815, 0.0, 0.028227027278210873],
  ],
];

/** One option changed at a time, on fixtures/pole without the flux step (tools/oracle/sky_levels.py). */
const goldens = JSON.parse(readFileSync(`${fixtures}skymatch/levels.json`, "utf8")) as {
  options: Partial<SkyMatchOptions>;
  found: { level: number; subtracted: boolean; method: string }[];
}[];

/** DN/s or MJy/sr: the last bits of a float32 level of 0.3. */
const LAST_BITS = 1e-7;

function expectLevels(
  name: string,
  options: Partial<SkyMatchOptions>,
  found: readonly { level: number }[],
  sky: readonly number[],
): void {
  const apart = found.map(({ level }, i) => Math.abs(level - sky[i]));
  record({ kind: "option", step: "skymatch", options, case: name }, [
    measure("sky levels", "DN/s or MJy/sr", LAST_BITS, apart),
  ]);
  expect(Math.max(...apart)).toBeLessThan(LAST_BITS);
}

describe("sky levels against romancal 1.0.1", () => {
  it.each(["bundled", "pole", "sky"])("%s", async (name) => {
    const { sky } = await readGolden(name);
    const found = await levels(name);
    expect(found.length).toBe(sky.length);
    found.forEach(({ level, status }, i) => {
      expect(Math.abs(level - sky[i])).toBeLessThan(THOUSANDTH);
      expect(status).toBe("COMPLETE");
    });
  });

  // romancal 1.0.1 SkyMatchStep on fixtures/bundled with these options; the median is float32 there
  it.each(METHODS)("with %j", async (options, sky) => {
    const found = await levels("bundled", options);
    expectLevels("bundled", options, found, sky);
  });

  it.each(goldens)("with $options alone", async ({ options, found: wanted }) => {
    const found = await levels("pole", options, { calibrate: false });
    expectLevels(
      "pole",
      options,
      found,
      wanted.map(({ level }) => level),
    );
    found.forEach(({ subtracted, method }, i) =>
      expect({ subtracted, method }).toEqual({
        subtracted: wanted[i].subtracted,
        method: wanted[i].method,
      }),
    );
  });
});
