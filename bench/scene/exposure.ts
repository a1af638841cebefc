import { fileURLToPath } from "node:url";
import { type AsdfMap, NdArray, copyTree, float } from "../../src/host/asdf/index.js";
import { UtcTime, WfiImage, setNode, timeNode } from "../../src/host/models/index.js";
import { type Pointing, pointWcs } from "./geometry.js";
import { observe } from "./planes.js";
import { Random } from "./random.js";
import { render } from "./render.js";
import { type Sources } from "./sources.js";
import { Wcs, boundingBoxOfShape, sRegion } from "../../src/host/wcs/index.js";

/** One exposure to make. */
export interface ExposurePlan {
  /** From 1. */
  readonly number: number;
  readonly pointing: Pointing;
  /** Pixels a side. */
  readonly size: number;
  readonly seed: number;
}

const CONVERSION = 0.7727529077810901;
const PIXEL_AREA_SR = 2.7796167823701095e-13;
const EXPOSURE_TIME = 139.14868;
const START = "2027-06-01T00:00:00.000";
const INTERVAL = 180;
const NOISE = { gain: 1.8, exposureTime: EXPOSURE_TIME, cosmicRays: 2.5e-4, dead: 5e-4 };
const TEMPLATE = "fixtures/bundled/r0000101001001001001_0001_wfi01_f158_cal.asdf";

/** A bundled exposure: its tree, tags and distortion are what romancal's are. */
export function openTemplate(root: URL): Promise<WfiImage> {
  return WfiImage.open(fileURLToPath(new URL(TEMPLATE, root)));
}

export function exposureName(number: number): string {
  return `r0000101001001001001_${String(number).padStart(4, "0")}_wfi01_f158_cal.asdf`;
}

/** Makes an exposure of the sources, with the metadata of the bundled one pointed elsewhere. The same plan gives the same bits. */
export async function makeExposure(
  template: WfiImage,
  plan: ExposurePlan,
  sources: Sources,
): Promise<WfiImage> {
  const { size, pointing, number } = plan;
  const tree = copyTree(template.tree);
  const meta = tree.meta as AsdfMap;
  pointWcs(meta.wcs as AsdfMap, pointing, size);
  const wcs = await Wcs.fromAsdf(meta.wcs);
  const random = new Random(plan.seed, 1000 + number);
  const rate = new Float32Array(size * size);
  const places = wcs.inverseMany(sources.ra, sources.dec);
  const perFlux = 1 / (CONVERSION * 1e12 * PIXEL_AREA_SR);
  render(rate, size, places, sources, perFlux, (pointing.roll * Math.PI) / 180);
  const arrays = observe(rate, size, { ...NOISE, sky: 0.33 + 0.02 * random.normal() }, random);
  describe(meta, plan, sRegion(wcs, boundingBoxOfShape([size, size])) ?? "");
  const shape = [size, size];
  tree.data = NdArray.from(arrays.data, shape);
  tree.dq = NdArray.from(arrays.dq, shape);
  for (const name of ["err", "var_poisson", "var_rnoise"] as const)
    tree[name] = NdArray.from(arrays[name], shape, "float16");
  return WfiImage.fromTree(tree, exposureName(number));
}

function describe(meta: AsdfMap, { number, pointing }: ExposurePlan, region: string): void {
  const begin = Date.parse(`${START}Z`) / 1000 + number * INTERVAL;
  const time = (seconds: number): ReturnType<typeof timeNode> => {
    const text = new Date((begin + seconds) * 1000).toISOString().slice(0, -1);
    return timeNode(UtcTime.parse(text) as UtcTime);
  };
  const values = {
    filename: exposureName(number),
    "observation.exposure": number,
    "observation.observation_id": `0010101001001001001${String(number).padStart(3, "0")}`,
    "exposure.start_time": time(0),
    "exposure.mid_time": time(EXPOSURE_TIME / 2),
    "exposure.end_time": time(EXPOSURE_TIME),
    "exposure.exposure_time": EXPOSURE_TIME,
    "exposure.effective_exposure_time": EXPOSURE_TIME,
    "photometry.conversion_megajanskys": CONVERSION,
    "photometry.pixel_area": PIXEL_AREA_SR,
    "wcsinfo.ra_ref": float(pointing.ra),
    "wcsinfo.dec_ref": float(pointing.dec),
    "wcsinfo.roll_ref": float(pointing.roll),
    "wcsinfo.s_region": region,
  };
  for (const [path, value] of Object.entries(values)) setNode(meta, path, value);
}
