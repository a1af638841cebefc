import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileURLToPath } from "node:url";
import { Skymap } from "../../../src/host/models/index.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));

describe("Skymap", () => {
  let skymap: Skymap;
  beforeAll(async () => {
    skymap = await Skymap.open(fixture("references/skymap_bundled.asdf"));
  });
  afterAll(() => skymap.close());

  it("finds a cell by its name, with its projection region", async () => {
    // romancal: SkyCells.from_names(["270p66x50y50"]).wcs_infos
    expect(await skymap.cell("270p66x50y50")).toMatchObject({
      name: "270p66x50y50",
      pixel_scale: 0.055 / 3600,
      ra_projection_center: 270,
      dec_projection_center: 66,
      x0_projection: 299.5,
      y0_projection: 299.5,
      ra_center: 270,
      dec_center: 66,
      nx: 600,
      ny: 600,
      orientat: 0,
      orientat_projection_center: 0,
    });
  });

  it("tells cells apart", async () => {
    const cell = await skymap.cell("270p66x51y49");
    expect([cell?.x0_projection, cell?.y0_projection]).toEqual([-100.5, 699.5]);
    expect(await skymap.cell("270p66x50y52")).toBeUndefined();
  });

  it("refuses another kind of file", async () => {
    await expect(Skymap.open(fixture("references/apcorr.asdf"))).rejects.toThrow(
      /apcorr\.asdf: expected a skymap \(skycells reference file\), found a file of type apcorr/,
    );
  });
});
