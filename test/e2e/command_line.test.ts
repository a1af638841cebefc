import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "fast-png";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { WfiImage, WfiMosaic, nodeAt } from "../../src/host/models/index.js";
import { DEVICE, REFERENCES, cli, filesIn, fixture, scratch } from "../helpers/cli.js";

// each run opens the device anew; SwiftShader compiles all kernels in about a minute on two cores
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ASN = fixture("bundled/L3_asn.json");
const NAME = "r00001_p_v01001001001001_270p66x50y50_f158";
const BIN = fixture("../bin/romancal-webgpu.js");

describe("roman_mos on the bundled case", () => {
  let folder: string;
  let out: string;
  beforeAll(async () => {
    folder = await scratch();
    const preview = join(folder, "mosaic.png");
    const outcome = await cli(
      "roman_mos",
      ASN,
      `--output_dir=${folder}`,
      `--preview=${preview}`,
      DEVICE,
      ...REFERENCES,
    );
    expect(outcome).toMatchObject({ code: 0, err: "" });
    out = outcome.out;
  });

  it("writes its products and nothing else", async () => {
    const names = ["cat.asdf", "cat.parquet", "i2d.asdf", "segm.asdf"].map((suffix) => `${NAME}_${suffix}`);
    expect(await filesIn(folder)).toEqual(["mosaic.png", ...names]);
  });

  it("ends with a table of device, steps and seconds, sources, memory and files", () => {
    for (const step of [
      "flux",
      "skymatch",
      "outlier_detection",
      "resample",
      "source_catalog",
      "write",
      "total",
    ])
      expect(out).toMatch(new RegExp(`^${step} +\\d+\\.\\d\\d s$`, "m"));
    expect(out).toMatch(/^device +(hardware|lavapipe|swiftshader): /m);
    expect(out).toMatch(/^sources +28$/m);
    expect(out).toMatch(/^peak memory +[\d.]+ [kMG]?B on the device, [\d.]+ [MG]B process$/m);
    expect(out).toContain(`${NAME}_i2d.asdf`);
  });

  it("logs the run in the mosaic", async () => {
    const mosaic = await WfiMosaic.open(join(folder, `${NAME}_i2d.asdf`));
    expect(mosaic.filename).toBe(`${NAME}_i2d.asdf`);
    expect(mosaic.shape).toEqual([600, 600]);
    const logs = nodeAt(mosaic.meta, "cal_logs") as string[];
    expect(
      logs.some((line) => /^\d{4}-.*Z :: romancal-webgpu :: INFO :: Step resample running$/.test(line)),
    ).toBe(true);
    await mosaic.close();
  });

  it("writes a Parquet catalog with units and romancal's metadata keys", async () => {
    const file = await asyncBufferFromFile(join(folder, `${NAME}_cat.parquet`));
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(28);
    expect(rows.map(({ label }) => label)).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
    const { key_value_metadata: pairs = [] } = await parquetMetadataAsync(file);
    const keys = new Map(pairs.map(({ key, value }) => [key, value]));
    expect(keys.get("roman.meta.filename")).toBe(`${NAME}_cat.parquet`);
    expect(keys.get("roman.meta.wcsinfo.ra_ref")).toBe("270.0");
    expect(keys.get("source_catalog.aperture_radii.circle_arcsec")).toBe("[0.1 0.2 0.4 0.8 1.6]");
    expect(keys.get("table_meta_yaml")).toContain("{name: segment_flux, unit: nJy, datatype: float32,");
  });

  it("draws the mosaic with the sources outlined", async () => {
    const png = decode(await readFile(join(folder, "mosaic.png")));
    expect([png.width, png.height, png.channels]).toEqual([600, 600, 3]);
    const orange = png.data.filter(
      (_, i) => i % 3 === 0 && png.data[i] === 255 && png.data[i + 1] === 150,
    ).length;
    expect(orange).toBeGreaterThan(500);
  });

  it("preview outlines the sources of either catalog, the same", async () => {
    const draw = async (catalog: string): Promise<Buffer> => {
      const out = join(await scratch(), "out.png");
      const words = [join(folder, `${NAME}_i2d.asdf`), "-o", out, `--catalog=${join(folder, catalog)}`];
      expect(await cli("preview", ...words)).toMatchObject({ code: 0, err: "" });
      return readFile(out);
    };
    const asdf = await draw(`${NAME}_cat.asdf`);
    expect((await draw(`${NAME}_cat.parquet`)).equals(asdf)).toBe(true);
    const png = decode(asdf);
    expect(
      png.data.filter((value, i) => i % 3 === 0 && value === 255 && png.data[i + 2] === 30).length,
    ).toBeGreaterThan(300);
  });

  it("source_catalog by its name finds the same sources in the file", async () => {
    const again = await scratch();
    const words = REFERENCES.map((word) => word.replace("steps.source_catalog.", ""));
    const mosaic = join(folder, `${NAME}_i2d.asdf`);
    const outcome = await cli("source_catalog", mosaic, `--output_dir=${again}`, DEVICE, ...words);
    expect(outcome).toMatchObject({ code: 0, err: "" });
    const read = async (where: string): Promise<unknown[]> =>
      parquetReadObjects({ file: await asyncBufferFromFile(join(where, `${NAME}_cat.parquet`)) });
    expect(await read(again)).toEqual(await read(folder));
  });
});

describe("a single step", () => {
  it("skymatch writes each exposure with its sky", async () => {
    const folder = await scratch();
    const outcome = await cli("skymatch", ASN, `--output_dir=${folder}`, DEVICE);
    expect(outcome).toMatchObject({ code: 0, err: "" });
    const files = await filesIn(folder);
    expect(files).toHaveLength(4);
    expect(files[0]).toBe("L3_asn_0_skymatchstep.asdf");
    const levels = await Promise.all(
      files.map(async (name) => {
        const image = await WfiImage.open(join(folder, name));
        expect(nodeAt(image.meta, "cal_step.skymatch")).toBe("COMPLETE");
        expect((await image.arrays()).data).toHaveLength(160_000);
        await image.close();
        return image.metadata.number("background.level");
      }),
    );
    expect(Math.min(...levels)).toBe(0);
    expect(new Set(levels).size).toBe(4);
  });

  it("resample writes the mosaic alone", async () => {
    const folder = await scratch();
    const words = ["--save_suffix=coadd", REFERENCES[0], DEVICE];
    const outcome = await cli("resample", ASN, `--output_dir=${folder}`, ...words);
    expect(outcome).toMatchObject({ code: 0, err: "" });
    expect(await filesIn(folder)).toEqual(["L3_asn_coadd.asdf"]);
  });
});

describe("what helps", () => {
  it("info prints a file's tree", async () => {
    const { code, out } = await cli("info", "--tree", fixture("references/skymap_bundled.asdf"));
    expect(code).toBe(0);
    expect(out).toMatch(/skycells/);
    expect(out).toMatch(/nxy_skycell.*600/);
  });

  it("devices tells which adapter runs, and why", async () => {
    const { code, out } = await cli("devices");
    expect(code).toBe(0);
    expect(out).toMatch(/^\* (hardware|lavapipe|swiftshader) /m);
    expect(out).toMatch(/"--device auto" runs on \w+: /);
  });
});

describe("the program as it is installed", () => {
  it("tells its version", () => {
    const { version } = JSON.parse(readFileSync(fixture("../package.json"), "utf8")) as { version: string };
    expect(execFileSync(process.execPath, [BIN, "--version"]).toString()).toBe(`${version}\n`);
  });

  it("fails with one line on a missing file", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [
      BIN,
      "roman_mos",
      "gone_asn.json",
      ...REFERENCES,
    ]);
    expect(status).toBe(1);
    expect(stdout.toString()).toBe("");
    expect(stderr.toString()).toMatch(
      /^romancal-webgpu: gone_asn\.json: cannot read the association \(no such file\)\n$/,
    );
  });
});
