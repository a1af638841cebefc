import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../../src/host/errors.js";
import { Association } from "../../../src/host/models/association.js";

const member = { expname: "a_cal.asdf", exptype: "science" };
const product = { name: "p", members: [member] };
const skycell = {
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
};

describe("Association", () => {
  it("reads a file and finds members beside it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "asn-"));
    const path = join(folder, "x_asn.json");
    await writeFile(path, JSON.stringify({ target: "270p66x50y50", products: [product] }));
    const asn = await Association.read(path);
    expect(asn.tableName).toBe("x_asn.json");
    expect(asn.productName).toBe("p");
    expect(asn.target).toBe("270p66x50y50");
    expect(asn.dataReleaseId).toBeUndefined();
    expect(asn.pathOf(asn.members[0])).toBe(join(folder, "a_cal.asdf"));
  });

  it("gives the sky cell only where it is whole", () => {
    const of = (skycell_wcs_info: unknown): Association =>
      Association.fromJson({ products: [product], skycell_wcs_info }, "f.json");
    expect(of(undefined).skycellWcsInfo).toBeUndefined();
    expect(of("none").skycellWcsInfo).toBeUndefined();
    expect(of(skycell).skycellWcsInfo).toEqual(skycell);
    expect(() => of({ ...skycell, nx: undefined })).toThrow(/f\.json: skycell_wcs_info\.nx/);
    expect(() => of({ ...skycell, name: 3 })).toThrow(/skycell_wcs_info\.name/);
  });

  it.each([
    [[], "the association"],
    [{}, "products"],
    [{ products: [] }, "products"],
    [{ products: [{ name: "p" }] }, "members"],
    [{ products: [{ name: "p", members: [] }] }, "members"],
    [{ products: [{ name: 1, members: [member] }] }, "name"],
    [{ products: [{ members: [{ expname: "a" }] }] }, "members[0].exptype"],
    [{ products: [{ members: [member, { exptype: "science" }] }] }, "members[1].expname"],
    [{ products: [product], target: 3 }, "target"],
  ])("refuses %j, naming %s", (json, key) => {
    expect(() => Association.fromJson(json, "f.json")).toThrow(UserError);
    expect(() => Association.fromJson(json, "f.json")).toThrow(key);
  });

  it("tells a missing file and a file that is not JSON", async () => {
    await expect(Association.read("/nonexistent/asn.json")).rejects.toThrow(/cannot read.*no such file/);
    const path = join(await mkdtemp(join(tmpdir(), "asn-")), "bad_asn.json");
    await writeFile(path, "{");
    await expect(Association.read(path)).rejects.toThrow(/bad_asn\.json: not an association: not JSON/);
  });
});
