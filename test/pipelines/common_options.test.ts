import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FluxStep, SkyMatchStep } from "../../src/index.js";
import { filesIn, fixture, scratch } from "../helpers/cli.js";
import { testGpu } from "../helpers/gpu.js";

const ASN = fixture("pole/L3_asn.json");

describe("options that stpipe gives every step", () => {
  it("input_dir is where input is that is named without a folder", async () => {
    const gpu = await testGpu();
    const found = await FluxStep.call("L3_asn.json", { gpu, input_dir: fixture("pole") });
    const { exposures } = await FluxStep.call(ASN, { gpu });
    expect(found.exposures.map(({ filename }) => filename)).toEqual(
      exposures.map(({ filename }) => filename),
    );
    await expect(FluxStep.call("L3_asn.json", { gpu, input_dir: fixture("sphere") })).rejects.toThrow(
      /sphere.L3_asn\.json: cannot read the association/,
    );
  });

  it("output_use_index and update_version change nothing of files of today's version", async () => {
    const gpu = await testGpu();
    const names: string[][] = [];
    const levels: number[][] = [];
    for (const given of [{}, { output_use_index: false }, { update_version: true }]) {
      const output_dir = join(await scratch(), "out");
      const { exposures } = await SkyMatchStep.call(ASN, { gpu, save_results: true, output_dir, ...given });
      names.push(await filesIn(output_dir));
      levels.push(exposures.map(({ metadata }) => metadata.number("background.level")));
    }
    expect(names[0]).toHaveLength(3);
    expect(names).toEqual([names[0], names[0], names[0]]);
    expect(levels).toEqual([levels[0], levels[0], levels[0]]);
  });
});
