import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exposureName, makeExposure, openTemplate } from "../../bench/scene/exposure.js";
import { cellWcs, offsetBy, pointWcs } from "../../bench/scene/geometry.js";
import { normalTable } from "../../bench/scene/random.js";
import {
  SCENE,
  type SceneFiles,
  type SceneOptions,
  plansOf,
  sourcesOf,
  writeScene,
} from "../../bench/scene/scene.js";
import { type AsdfMap, copyTree } from "../../src/host/asdf/index.js";
import { halvesToFloats } from "../../src/host/numerics/half.js";
import { Skymap, WfiImage, openDataset } from "../../src/host/models/index.js";
import { Wcs } from "../../src/host/wcs/index.js";
import { scratch } from "../helpers/cli.js";

const ROOT = new URL("../../", import.meta.url);
const SMALL = { ...SCENE, exposures: 2, size: 210, mosaic: 300, sources: 40, seed: 7 };

let folder = "";
let files: SceneFiles;
beforeAll(async () => {
  folder = await scratch();
  files = await writeScene(ROOT, folder, SMALL);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function inMemory(seed: number): Promise<Awaited<ReturnType<WfiImage["arrays"]>>> {
  const options = { ...SMALL, seed };
  const template = await openTemplate(ROOT);
  try {
    return await (await makeExposure(template, plansOf(options)[1], sourcesOf(options))).arrays();
  } finally {
    await template.close();
  }
}

/** Part of the sky cell that the first exposure covers, from 2500 of its pixels. */
async function touched(options: SceneOptions): Promise<number> {
  const template = await openTemplate(ROOT);
  const node = copyTree(template.meta.wcs) as AsdfMap;
  pointWcs(node, plansOf(options)[0].pointing, options.size);
  const wcs = await Wcs.fromAsdf(node);
  await template.close();
  const cell = cellWcs(options.mosaic);
  let inside = 0;
  for (let k = 0; k < 2500; k++) {
    const sky = cell.forward(
      ((k % 50) + 0.5) * (options.mosaic / 50),
      (Math.floor(k / 50) + 0.5) * (options.mosaic / 50),
    );
    const [x, y] = wcs.inverse(...sky);
    if (Math.min(x, y) >= -0.5 && Math.max(x, y) <= options.size - 0.5) inside++;
  }
  return inside / 2500;
}

describe("the benches' scene", () => {
  test("the same seed gives the same bits, another seed others", async () => {
    const image = await WfiImage.open(files.exposures[1]);
    const written = await image.arrays();
    await image.close();
    expect(await inMemory(7)).toEqual(written);
    expect((await inMemory(8)).data).not.toEqual(written.data);
  });

  test("the association's exposures open, with shapes and types of the real ones", async () => {
    const { association, models } = await openDataset(files.association);
    expect(association.target).toBe("270p66x50y50");
    expect(models.map(({ filename }) => filename)).toEqual([exposureName(1), exposureName(2)]);
    expect(new Set(models.map(({ groupId }) => groupId)).size).toBe(2);
    for (const model of models) {
      expect(model.shape).toEqual([210, 210]);
      expect(model.wcs.boundingBox).toEqual([
        [-0.5, 209.5],
        [-0.5, 209.5],
      ]);
      expect(model.plane("var_rnoise")?.datatype).toBe("float16");
      await model.close();
    }
  });

  test("the skymap knows the sky cell, which the exposures' middle lies in", async () => {
    const skymap = await Skymap.open(files.skymap);
    const cell = await skymap.cell("270p66x50y50");
    expect(cell).toMatchObject({ nx: 300, ny: 300, x0_projection: 149.5, y0_projection: 149.5 });
    await skymap.close();
    const image = await WfiImage.open(files.exposures[0]);
    const { ra, dec } = plansOf(SMALL)[0].pointing;
    const [x, y] = image.wcs.inverse(ra, dec);
    await image.close();
    // the aperture's reference lies within a pixel of the detector's centre
    expect(Math.hypot(x - 104.5, y - 104.5)).toBeLessThan(1);
    const [mx, my] = cellWcs(300).inverse(ra, dec);
    expect(Math.max(Math.abs(mx - 149.5), Math.abs(my - 149.5))).toBeLessThan(60);
  });

  test("noise is what the variances say; dead pixels are flagged, half of them NaN", async () => {
    const { data, dq, err, var_poisson, var_rnoise } = await inMemory(7);
    const dead = dq.reduce((sum, flag) => sum + flag, 0);
    expect(dead).toBe(Math.floor(210 * 210 * 5e-4));
    expect(data.every((value, i) => dq[i] === 1 || Number.isFinite(value))).toBe(true);
    expect(data.some((value) => Number.isNaN(value))).toBe(true);
    const [sigma, poisson, read] = [err, var_poisson, var_rnoise].map((half) =>
      halvesToFloats(half as Uint16Array),
    );
    // each half is rounded to 2^-11 of itself
    sigma.forEach((value, i) => expect(Math.abs(value ** 2 / (poisson[i] + read[i]) - 1)).toBeLessThan(3e-3));
    const level = [...data].filter(Number.isFinite).sort((a, b) => a - b)[Math.floor(data.length / 2)];
    const pulls = [...data]
      .map((value, i) => (value - level) / sigma[i])
      .filter((pull) => Math.abs(pull) < 2);
    const spread = Math.sqrt(pulls.reduce((sum, pull) => sum + pull * pull, 0) / pulls.length);
    // a normal distribution cut at 2 sigma has a spread of 0.88; sources and the sky's wave add a little
    expect(spread).toBeGreaterThan(0.84);
    expect(spread).toBeLessThan(0.95);
  });

  test("exposures see the same sky: a source lies on the same sky place in each", async () => {
    const sources = sourcesOf(SMALL);
    const template = await openTemplate(ROOT);
    const brightest = sources.flux.indexOf(Math.max(...sources.flux));
    let seen = 0;
    for (const plan of plansOf({ ...SMALL, exposures: 4 })) {
      const image = await makeExposure(template, plan, sources);
      const [x, y] = image.wcs.inverse(sources.ra[brightest], sources.dec[brightest]).map(Math.round);
      if (Math.min(x, y) < 5 || Math.max(x, y) > 204) continue;
      const { data } = await image.arrays();
      expect(data[y * 210 + x]).toBeGreaterThan(1);
      seen++;
    }
    await template.close();
    expect(seen).toBeGreaterThan(1);
  });

  test("a corner layout touches a tenth of the sky cell, a grid all of it", async () => {
    expect(await touched({ ...SCENE, layout: "corner", exposures: 1, sources: 0 })).toBeCloseTo(0.1, 1.5);
    expect(await touched({ ...SCENE, exposures: 1, sources: 0 })).toBe(1);
    const places = plansOf({ ...SCENE, layout: "grid", exposures: 4, mosaic: 20000 }).map(({ pointing }) =>
      cellWcs(20000)
        .inverse(pointing.ra, pointing.dec)
        .map((value) => (value > 10000 ? 1 : 0))
        .join(),
    );
    expect(new Set(places).size).toBe(4);
  });

  test("offsets on the sky", () => {
    const north = offsetBy(0, 3600);
    expect(north.ra).toBeCloseTo(270, 9);
    expect(north.dec).toBeCloseTo(67, 3); // a degree on the tangent plane is 0.1 per mille short of one on the sphere
  });

  test("the table of normal deviates has the moments of the normal distribution", () => {
    const table = normalTable();
    const mean = table.reduce((sum, value) => sum + value, 0) / table.length;
    const variance = table.reduce((sum, value) => sum + value * value, 0) / table.length;
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 2); // the formula's error is 4.5e-4 a deviate
  });
});
