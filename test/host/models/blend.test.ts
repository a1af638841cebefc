import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AsdfMap, TaggedScalar } from "../../../src/host/asdf/index.js";
import {
  UserError,
  type WfiImage,
  blendMetadata,
  openDataset,
  setNode,
} from "../../../src/host/models/index.js";
import { fixture } from "../../helpers/cli.js";

describe("blendMetadata", () => {
  let models: readonly WfiImage[];
  beforeAll(async () => {
    ({ models } = await openDataset(fixture("bundled/L3_asn.json")));
  });
  afterAll(() => Promise.all(models.map((model) => model.close())));

  it("keeps what the exposures share", () => {
    const meta = blendMetadata(models);
    // romancal 1.0.1 writes these for the bundled case
    expect(meta.observation).toEqual({
      execution_plan: 1,
      exposure: null,
      observation: 1,
      pass: 1,
      program: 101,
      segment: 1,
      visit: 1,
      exposure_grouping: "v01001001001001",
    });
    expect(meta.instrument).toEqual({ name: "WFI", optical_element: "F158" });
    expect(meta.product_type).toBe("p_visit_coadd");
    const times = meta.coadd_info as Record<string, TaggedScalar>;
    expect(Object.fromEntries(Object.entries(times).map(([key, { value }]) => [key, value]))).toEqual({
      time_first: "2027-06-01T00:03:00.000",
      time_last: "2027-06-01T00:14:19.149",
      time_mean: "2027-06-01T00:07:30.000",
    });
  });

  it("has null, or INCOMPLETE, where they do not", () => {
    const keep = models[1].meta.observation as AsdfMap;
    const visit = keep.visit;
    setNode(models[1].meta, "observation.visit", 7);
    setNode(models[2].meta, "instrument.optical_element", "F184");
    setNode(models[0].meta, "cal_step.flux", "COMPLETE");
    const meta = blendMetadata(models);
    expect(meta.observation).toMatchObject({ visit: null, exposure_grouping: null, program: 101 });
    expect(meta.instrument).toEqual({ name: "WFI", optical_element: null });
    expect(meta.cal_step).toMatchObject({ flux: "INCOMPLETE" });
    keep.visit = visit;
    setNode(models[2].meta, "instrument.optical_element", "F158");
    setNode(models[0].meta, "cal_step.flux", "INCOMPLETE");
  });

  it("tells which exposure lacks its times", () => {
    const exposure = models[3].meta.exposure as AsdfMap;
    const { end_time } = exposure;
    exposure.end_time = "tomorrow";
    expect(() => blendMetadata(models)).toThrow(UserError);
    expect(() => blendMetadata(models)).toThrow(/0004.*: roman\.meta\.exposure\.end_time: expected a time/);
    exposure.end_time = end_time;
  });
});
