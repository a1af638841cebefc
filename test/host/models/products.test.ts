import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NdArray, openAsdf } from "../../../src/host/asdf/index.js";
import { UserError, baseName, productPath, writeProducts } from "../../../src/host/models/index.js";
import { filesIn, scratch } from "../../helpers/cli.js";

describe("writeProducts", () => {
  it("writes trees, lz4-compressed, and bytes", async () => {
    const folder = join(await scratch(), "new", "folder");
    const [a, b] = [join(folder, "a.asdf"), join(folder, "b.bin")];
    const zeros = NdArray.from(new Float32Array(100_000), [100, 1000]);
    const files = await writeProducts([
      { path: a, content: { zeros } },
      { path: b, content: Uint8Array.of(1, 2, 3) },
    ]);
    expect(files.map(({ path }) => path)).toEqual([a, b]);
    expect(files[0].bytes).toBeLessThan(5000);
    expect(await filesIn(folder)).toEqual(["a.asdf", "b.bin"]);
    const opened = await openAsdf(a);
    expect((opened.tree.zeros as NdArray).shape).toEqual([100, 1000]);
    await opened.close();
    expect([...(await readFile(b))]).toEqual([1, 2, 3]);
  });

  it("leaves nothing where one of them fails, and what was there before", async () => {
    const folder = await scratch();
    const path = join(folder, "a.bin");
    await writeFile(path, "before");
    const failing = NdArray.fromProducer([4], "uint8", async function* () {
      yield Uint8Array.of(1);
      throw new UserError("the data cannot be made");
    });
    const products = [
      { path, content: Uint8Array.of(1) },
      { path: join(folder, "b.asdf"), content: { failing } },
    ];
    await expect(writeProducts(products)).rejects.toThrow(/cannot be made/);
    expect(await filesIn(folder)).toEqual(["a.bin"]);
    expect(await readFile(path, "utf8")).toBe("before");
  });

  it("tells a place that cannot be written to", async () => {
    const folder = await scratch();
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file", "x.asdf");
    await expect(writeProducts([{ path, content: {} }])).rejects.toThrow(UserError);
    await mkdir(join(folder, "taken.asdf", "inner"), { recursive: true });
    await chmod(folder, 0o755);
    await expect(writeProducts([{ path: join(folder, "taken.asdf"), content: {} }])).rejects.toThrow(
      /the products could not be written/,
    );
    expect(await filesIn(folder)).toEqual(["file", "taken.asdf"]);
  });
});

describe("names", () => {
  it.each([
    ["r0001_cal.asdf", "r0001"],
    ["r0001_i2d.asdf", "r0001"],
    ["r0001_coadd.asdf", "r0001"],
    ["r0001_outlier_detection.asdf", "r0001"],
    ["r0001.asdf", "r0001"],
    ["r00001_p_v01001001001001_270p66x50y50_f158", "r00001_p_v01001001001001_270p66x50y50_f158"],
  ])("%s is a file of %s", (name, base) => {
    expect(baseName(name)).toBe(base);
  });

  it("are made of folder, name and suffix", () => {
    expect(productPath("out", "p", "cat", "parquet")).toBe(join("out", "p_cat.parquet"));
  });
});
