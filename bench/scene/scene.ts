import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { writeAsdf, type Compression } from "../../src/host/asdf/index.js";
import { makeAssociation, pythonJson } from "../../src/host/associations/index.js";
import { CELL, CELL_ARCSEC, PIXEL_ARCSEC, offsetBy } from "./geometry.js";
import { type ExposurePlan, exposureName, makeExposure, openTemplate } from "./exposure.js";
import { Random } from "./random.js";
import { writeSkymap } from "./skymap.js";
import { type Sources, makeSources } from "./sources.js";

/** Where the exposures lie in the sky cell: about its centre, across its corner so that a tenth of it is touched, or evenly over it. */
export type Layout = "dither" | "corner" | "grid";

/** What to make; the same words give the same bits. */
export interface SceneOptions {
  readonly exposures: number;
  /** Pixels a side of an exposure. */
  readonly size: number;
  /** Pixels a side of the sky cell. */
  readonly mosaic: number;
  /** Sources in the sky cell. */
  readonly sources: number;
  readonly layout: Layout;
  readonly seed: number;
  readonly compression: Compression;
}

export const SCENE: SceneOptions = {
  exposures: 4,
  size: 4088,
  mosaic: 5000,
  sources: 5000,
  layout: "dither",
  seed: 1,
  compression: "lz4",
};

/** The files of a scene. */
export interface SceneFiles {
  readonly association: string;
  readonly skymap: string;
  readonly exposures: readonly string[];
}

const ROLL = 80;
/** At this roll the detector's sides lie along those of the sky cell. */
const ALIGNED_ROLL = 60;
const ROLL_STEP = 0.1;
const DITHER = 60;
/** Part of the sky cell's width that lies under an exposure at its corner: its square is a tenth. */
const CORNER = Math.sqrt(0.1);

/** What each exposure is to be, in order. */
export function plansOf({ exposures, size, mosaic, layout, seed }: SceneOptions): ExposurePlan[] {
  const random = new Random(seed, 2);
  const cell = mosaic * CELL_ARCSEC;
  const width = size * PIXEL_ARCSEC;
  const dither = Math.min(DITHER, 0.13 * width);
  const side = Math.ceil(Math.sqrt(exposures));
  return Array.from({ length: exposures }, (_, i) => {
    let [east, north] = [random.uniform(-dither, dither), random.uniform(-dither, dither)];
    if (layout === "corner") {
      const away = cell * (0.5 - CORNER) + width / 2;
      [east, north] = [away + 0.05 * east, away + 0.05 * north];
    } else if (layout === "grid") {
      const step = cell / side;
      east = ((i % side) - (side - 1) / 2) * step + 0.1 * east;
      north = (Math.floor(i / side) - (side - 1) / 2) * step + 0.1 * north;
    }
    const roll = layout === "corner" ? ALIGNED_ROLL : ROLL + ROLL_STEP * (i % 16);
    const pointing = { ...offsetBy(east, north), roll };
    return { number: i + 1, pointing, size, seed };
  });
}

/** The sources of a scene: their density is that of `sources` in the sky cell, also beside it where exposures reach out. */
export function sourcesOf({ size, mosaic, sources, seed }: SceneOptions): Sources {
  const cell = mosaic * CELL_ARCSEC;
  const side = Math.max(cell, size * PIXEL_ARCSEC * 1.3);
  return makeSources(Math.round(sources * (side / cell) ** 2), side, seed);
}

/** Makes exposures `first`, `first + step`, … of a scene and writes them. */
export async function writeExposures(
  root: URL,
  folder: string,
  options: SceneOptions,
  first = 0,
  step = 1,
): Promise<void> {
  const template = await openTemplate(root);
  try {
    const sources = sourcesOf(options);
    const plans = plansOf(options);
    for (let i = first; i < plans.length; i += step) {
      const image = await makeExposure(template, plans[i], sources);
      const { compression } = options;
      await writeAsdf(join(folder, image.filename), image.toAsdf(), { compression });
    }
  } finally {
    await template.close();
  }
}

/**
 * Writes a scene: its exposures, an association and the skymap that knows its sky cell.
 * @param root the repository, whose fixtures give the metadata
 * @param threads exposures made at a time, each on a thread of its own where there are several
 */
export async function writeScene(
  root: URL,
  folder: string,
  options: SceneOptions,
  threads = 1,
): Promise<SceneFiles> {
  await mkdir(folder, { recursive: true });
  const workers = Math.min(threads, options.exposures);
  if (workers <= 1) await writeExposures(root, folder, options);
  else {
    const url = new URL("./worker.js", import.meta.url);
    const jobs = Array.from({ length: workers }, (_, first) =>
      finished(new Worker(url, { workerData: { root: root.href, folder, options, first, step: workers } })),
    );
    await Promise.all(jobs);
  }
  const files = filesOf(folder, options);
  await writeFile(files.association, associationText(options));
  await writeSkymap(root, files.skymap, options.mosaic);
  return files;
}

/** Where the files of a scene lie. */
export function filesOf(folder: string, options: SceneOptions): SceneFiles {
  return {
    association: join(folder, "asn.json"),
    skymap: join(folder, "skymap.asdf"),
    exposures: namesOf(options).map((name) => join(folder, name)),
  };
}

function namesOf({ exposures }: SceneOptions): string[] {
  return Array.from({ length: exposures }, (_, i) => exposureName(i + 1));
}

/** The association of a scene's exposures, beside which it is to lie. */
export function associationText(options: SceneOptions): string {
  const productName = `r00001_p_v01001001001001_${CELL.name}_f158`;
  return pythonJson(
    makeAssociation({ productName, members: namesOf(options), target: CELL.name, type: "image" }),
  );
}

function finished(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
    );
  });
}
