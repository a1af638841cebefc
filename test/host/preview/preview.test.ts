import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { withTag, writeAsdf, NdArray } from "../../../src/host/asdf/index.js";
import { skyMarks } from "../../../src/host/preview/marks.js";
import { picturePng, segmentationPng } from "../../../src/host/preview/index.js";
import { blockLabels, blockMeans, samplingOf, toPicture } from "../../../src/host/preview/sampling.js";
import { greys, zscale } from "../../../src/host/preview/stretch.js";
import { makeFitsImagingWcs, skycellWcs } from "../../../src/host/wcs/index.js";
import { Skymap } from "../../../src/host/models/index.js";
import { cli, fixture, scratch } from "../../helpers/cli.js";

const IMAGE = fixture("pole/r0000101001001001001_0001_wfi01_f158_cal.asdf");
const TAGS = "asdf://stsci.edu/datamodels/roman/tags";

/** Gaussian noise that Python makes with the same integers: see the numbers of zscale below. */
function noise(count: number): Float32Array {
  let x = 12345n;
  return Float32Array.from({ length: count }, () => {
    x = (1103515245n * x + 12345n) % 2n ** 31n;
    const y = (1103515245n * x + 12345n) % 2n ** 31n;
    const [u, w] = [(Number(x) + 1) / 2 ** 31, Number(y) / 2 ** 31];
    return 1 + 0.1 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * w);
  });
}

describe("stretches", () => {
  it("zscale has astropy's limits", () => {
    // astropy 7.2 ZScaleInterval().get_limits; six digits: astropy keeps samples in float32
    const spoiled = noise(4000).map((value, i) => (i === 5 ? NaN : i % 37 === 0 ? value + 50 : value));
    for (const [image, low, high] of [
      [noise(4000), 0.68801665, 1.2968066],
      [spoiled, 0.70388204, 1.5945703747662696],
      [noise(4000).slice(0, 7), 0.78962326, 1.0694534],
      [Float32Array.from({ length: 2500 }, (_, i) => i), 0, 1998],
    ] as const) {
      const limits = zscale(image);
      expect(limits[0]).toBeCloseTo(low, 6);
      expect(limits[1]).toBeCloseTo(high, 6);
    }
    expect(zscale(Float32Array.of(NaN))).toEqual([0, 1]);
  });

  it.each(["asinh", "zscale", "linear"] as const)("%s rises from black to white", (stretch) => {
    const ramp = Float32Array.from({ length: 1000 }, (_, i) => i);
    const levels = greys(ramp, { stretch, black: 0, white: 999 });
    expect([levels[0], levels[999]]).toEqual([0, 255]);
    for (let i = 1; i < 1000; i++) expect(levels[i]).toBeGreaterThanOrEqual(levels[i - 1]);
    expect(greys(Float32Array.of(NaN, 5, 5), { stretch })).toHaveLength(3);
  });
});

describe("sampling", () => {
  it("averages what is finite and usable, and magnifies", () => {
    const data = Float32Array.of(1, 3, NaN, 5, 5, 7, NaN, NaN);
    expect([...blockMeans(data, [2, 4], samplingOf([2, 4], 2))]).toEqual([4, 5]);
    expect([...blockMeans(data, [2, 4], samplingOf([2, 4], 2), (i) => i < 4)]).toEqual([2, 5]);
    const twice = blockMeans(Float32Array.of(1, 2), [1, 2], samplingOf([1, 2], 4));
    expect([...twice]).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
    expect([...blockLabels(Uint32Array.of(0, 3, 1, 0), [1, 4], samplingOf([1, 4], 2))]).toEqual([3, 1]);
  });

  it("makes the longest side as long as asked, whatever the sizes", () => {
    expect(samplingOf([300, 1000], 333)).toMatchObject({ width: 333, height: 100 });
    expect(samplingOf([1000, 1], 100)).toMatchObject({ width: 1, height: 100 });
  });

  it("puts pixel centres where they are drawn", () => {
    const sampling = samplingOf([10, 20], 20);
    expect(toPicture([10, 20], sampling, [0, 0])).toEqual([0, 9]);
    expect(toPicture([10, 20], sampling, [19, 9])).toEqual([19, 0]);
  });
});

describe("north and east", () => {
  const wcsAt = (dec: number, pc: [[number, number], [number, number]]) =>
    makeFitsImagingWcs({ crpix: [50, 50], crval: [10, dec], cdelt: [1e-5, 1e-5], pc });

  it("follow the WCS, at a pole too", () => {
    for (const dec of [0, 66, 90, -90]) {
      const usual = skyMarks(wcsAt(dec, [[-1, 0], [0, 1]]), [101, 101], 2); // prettier-ignore
      expect(usual?.north[0]).toBeCloseTo(0, 6);
      expect(usual?.north[1]).toBeCloseTo(-1, 6);
      expect(usual?.east[0]).toBeCloseTo(-1, 6);
      expect(usual?.scale).toBeCloseTo(2e-5, 9);
    }
    const turned = skyMarks(wcsAt(30, [[0, 1], [1, 0]]), [101, 101], 1); // prettier-ignore
    expect(turned?.north[0]).toBeCloseTo(1, 6);
    expect(turned?.east[1]).toBeCloseTo(-1, 6);
  });

  it("east is to the right in a sky cell, as romancal's WCS has it", async () => {
    const skymap = await Skymap.open(fixture("references/skymap_bundled.asdf"));
    const cell = await skymap.cell("270p66x50y50");
    await skymap.close();
    expect(cell && skyMarks(skycellWcs(cell), [600, 600], 1)?.east[0]).toBeCloseTo(1, 6);
  });
});

describe("pictures", () => {
  const pixelsOf = (png: Uint8Array) => {
    const { width, height, data } = decode(png);
    return {
      width,
      height,
      at: (x: number, y: number) => [...data.slice(3 * (y * width + x), 3 * (y * width + x) + 3)],
    };
  };

  it("have row 0 at the bottom, and blue where there is nothing", () => {
    const data = new Float32Array(64 * 64).fill(NaN);
    data.fill(1, 0, 64);
    data[0] = 2;
    const { at } = pixelsOf(picturePng(data, [64, 64], undefined, { stretch: "linear", black: 0, white: 2 }));
    expect(at(0, 63)).toEqual([255, 255, 255]);
    expect(at(5, 63)).toEqual([128, 128, 128]);
    expect(at(5, 5)).toEqual([14, 16, 26]);
  });

  it("outline the sources of a map and of a list", () => {
    const labels = new Uint32Array(64 * 64);
    for (let y = 20; y < 30; y++) labels.fill(1, y * 64 + 20, y * 64 + 30);
    const ellipses = [{ x: 45, y: 45, a: 8, b: 8, angle: 0 }];
    const { at } = pixelsOf(picturePng(new Float32Array(64 * 64), [64, 64], labels, { ellipses }));
    const orange = (x: number, y: number): boolean => at(x, 63 - y)[0] > 150 && at(x, 63 - y)[2] < 60;
    expect([orange(19, 25), orange(30, 25), orange(25, 25), orange(10, 10)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([orange(53, 45), orange(45, 37), orange(45, 45)]).toEqual([true, true, false]);
  });

  it("give each source of a segmentation map a colour", () => {
    const { at } = pixelsOf(segmentationPng(Uint32Array.of(0, 1, 2, 1), [2, 2], { size: 4 }));
    expect(at(0, 3)).toEqual([0, 0, 0]);
    expect(at(3, 3)).toEqual(at(3, 0));
    expect(at(0, 0)).not.toEqual(at(3, 0));
    expect(Math.max(...at(3, 0))).toBeGreaterThan(150);
  });
});

describe("preview on the command line", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await scratch();
  });

  it("draws an exposure at the size asked for", async () => {
    const out = join(folder, "sub/exposure.png");
    const { code, out: told } = await cli("preview", IMAGE, "-o", out, "--size", "300", "--stretch=zscale");
    expect({ code, told }).toMatchObject({
      code: 0,
      told: expect.stringContaining("300 × 300 pixels") as string,
    });
  });

  it("refuses what it cannot draw, in one line", async () => {
    const segm = join(folder, "segm.asdf");
    const tag = `${TAGS}/mosaic_segmentation_map-2.0.0`;
    const data = NdArray.from(new Uint32Array(12), [3, 4]);
    await writeAsdf(segm, { roman: withTag(tag, { meta: {}, data }) });
    const table = join(folder, "cat.parquet");
    await writeFile(table, "PAR1 and no more");
    const out = ["-o", join(folder, "x.png")];
    for (const [words, message] of [
      [
        [IMAGE, ...out, `--segm=${segm}`],
        /segm\.asdf: is 4 x 3 pixels, .* 256 x 256: not the segmentation map/,
      ],
      [[IMAGE, ...out, `--segm=${IMAGE}`], /expected a segmentation map, found a calibrated image/],
      [[IMAGE, ...out, `--catalog=${table}`], /cat\.parquet: not a Parquet file/],
      [[IMAGE, ...out, `--catalog=${IMAGE}`], /expected a source catalog, found a calibrated image/],
      [
        [fixture("references/apcorr.asdf"), ...out],
        /expected a mosaic, a calibrated image or a segmentation map/,
      ],
      [[segm, ...out, `--segm=${segm}`], /this is a segmentation map/],
      [[IMAGE, ...out, "--size=5"], /--size=5: expected 16 to 16384 pixels/],
      [[IMAGE, ...out, "--white=bright"], /--white=bright: expected a number/],
      [[IMAGE, "-o", "picture.jpg"], /picture\.jpg: expected a name that ends with \.png/],
      [["gone.asdf", ...out], /gone\.asdf: no such file/],
    ] as const) {
      const { code, err } = await cli("preview", ...words);
      expect(err).toMatch(message);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
      expect(code).toBe(1);
    }
    expect((await cli("preview", IMAGE, ...out, "--stretch=log")).code).toBe(2);
  });
});
