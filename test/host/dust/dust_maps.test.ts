import { mkdtemp, readFile, rm, writeFile, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DustMaps } from "../../../src/host/dust/dust_maps.js";
import { SplineWindow } from "../../../src/host/dust/spline_window.js";
import { FitsImage } from "../../../src/host/fits/fits_image.js";
import { UserError } from "../../../src/host/errors.js";
import { fixture } from "../../helpers/cli.js";

const NORTH = fixture("dust/north.fits");
const SOUTH = fixture("dust/south.fits");
const golden = JSON.parse(await readFile(fixture("dust/ebv.json"), "utf8")) as Record<string, number[]>;
const { ra, dec } = golden;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dust-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function ebvIn(place: string, at = { ra, dec }): Promise<Float32Array> {
  const maps = await DustMaps.open(place);
  try {
    return await maps.ebv(at.ra, at.dec);
  } finally {
    await maps.close();
  }
}

/** A copy of a map with one header card replaced. */
async function changed(path: string, name: string, key: string, card: string): Promise<string> {
  const bytes = await readFile(path, "latin1");
  const at = bytes.indexOf(key.padEnd(8));
  const out = join(folder, name);
  await writeFile(out, bytes.slice(0, at) + card.padEnd(80) + bytes.slice(at + 80), "latin1");
  return out;
}

describe("dust maps", () => {
  it("gives romancal's E(B-V) in both hemispheres, at poles and on the plane", async () => {
    const ebv = await ebvIn(`${NORTH},${SOUTH}`);
    // f32 output; the golden's projection and spline are f64 with other orders of operations: 1e-6 pixel of a map that varies by 0.1 a pixel
    golden.ebv.forEach((value, i) => expect(Math.abs(ebv[i] - value), `position ${i}`).toBeLessThan(3e-7));
  });

  it("does not depend on which positions are asked for together", async () => {
    const all = await ebvIn(fixture("dust"));
    for (const i of [0, 7, 40, 44, 50]) {
      const [one] = await ebvIn(fixture("dust"), { ra: [ra[i]], dec: [dec[i]] });
      // the window's margin leaves 1e-18 of the filter's response
      expect(Math.abs(one - all[i])).toBeLessThan(1e-7);
    }
  });

  it("is NaN where a position is not finite", async () => {
    const ebv = await ebvIn(fixture("dust"), { ra: [NaN, 80], dec: [10, -66] });
    expect(ebv[0]).toBeNaN();
    expect(ebv[1]).toBeGreaterThan(0);
    expect(await ebvIn(fixture("dust"), { ra: [], dec: [] })).toHaveLength(0);
  });

  it("continues the edge beyond the image as scipy does", async () => {
    const image = await FitsImage.open(NORTH);
    const corner = (await image.window(0, 0, 1, 1))[0];
    const window = await SplineWindow.around(image, [
      [-40, -40],
      [-1e6, -11],
    ]);
    await image.close();
    // twelve equal pixels away from the corner: 0.268 ** 12 = 1e-7 of its curvature
    expect(Math.abs(window.at(-40, -40) - corner)).toBeLessThan(1e-6);
    expect(Math.abs(window.at(-1e6, -11) - corner)).toBeLessThan(1e-6);
  });
});

describe("dust maps that are refused in one line", () => {
  const refuse = async (place: string, words: RegExp): Promise<void> => {
    const opening = DustMaps.open(place);
    await expect(opening).rejects.toThrow(UserError);
    await expect(opening).rejects.toThrow(words);
  };

  it("names what is missing", async () => {
    await refuse(
      join(folder, "nowhere"),
      /nowhere: cannot be read \(ENOENT\); expected a folder with the two maps/,
    );
    await refuse(NORTH, /is one file/);
    await refuse(`${NORTH},`, /NORTH\.fits,SOUTH\.fits/);
    await refuse(`${NORTH},${SOUTH},${SOUTH}`, /NORTH\.fits,SOUTH\.fits/);
    await refuse(`${NORTH},${join(folder, "none.fits")}`, /none\.fits: cannot be read/);
    const lone = await mkdtemp(join(folder, "lone"));
    await copyFile(NORTH, join(lone, "map_ngp.fits"));
    await refuse(lone, /no map of the south/);
    await copyFile(SOUTH, join(lone, "a_sgp.fits"));
    await copyFile(SOUTH, join(lone, "b_sgp.fits"));
    await refuse(lone, /several maps of the south \(a_sgp\.fits, b_sgp\.fits\)/);
    await copyFile(SOUTH, join(lone, "dust_sgp.fits"));
    expect((await ebvIn(lone))[0]).toBeGreaterThan(0);
  });

  it("names what is wrong in a map", async () => {
    await refuse(`${SOUTH},${NORTH}`, /south\.fits: CRVAL2 = -90: expected 90, the map about the north/);
    const png = join(folder, "no.fits");
    await writeFile(png, "PNG");
    await refuse(`${png},${SOUTH}`, /no\.fits: is not a FITS file/);
    const bytes = await readFile(NORTH);
    const cut = join(folder, "cut.fits");
    await writeFile(cut, bytes.subarray(0, 9000));
    await refuse(`${cut},${SOUTH}`, /cut\.fits: is cut off/);
    const cards: [string, string, RegExp][] = [
      ["CTYPE1", "CTYPE1  = 'GLON-TAN'", /CTYPE1 = GLON-TAN: expected GLON-ZEA/],
      ["NAXIS ", "NAXIS   =                    3", /two dimensions/],
      ["NAXIS1", "NAXIS1  =                    0", /NAXIS1 = 0/],
      ["BITPIX", "BITPIX  =                   24", /BITPIX = 24/],
      ["CD2_2 ", "CD2_2   =                  0.0", /no inverse/],
      ["CRPIX1", "CRPIX1  = 'middle'", /CRPIX1 = middle: expected a number/],
      ["END", "COMMENT no end", /no END/],
    ];
    for (const [key, card, words] of cards)
      await refuse(`${await changed(NORTH, "bad.fits", key, card)},${SOUTH}`, words);
  });
});
