import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { WfiImage } from "../../src/host/models/index.js";
import { CELL, CELL_ARCSEC } from "../scene/geometry.js";
import { writeFits } from "./fits.js";
import { type RunRequest, onPath, runTool } from "./programs.js";
import type { RunResult } from "./results.js";

const COADD = "coadd.fits";
const COLUMNS = [
  "NUMBER",
  "X_IMAGE",
  "Y_IMAGE",
  "FLUX_ISO",
  "FLUX_APER(3)",
  "FLUX_AUTO",
  "KRON_RADIUS",
  "FLUX_RADIUS",
];

/**
 * SWarp and SExtractor on the same pixels, where they are installed: a mosaic by Lanczos3 with clipping, and its sources. They do less than
 * the pipeline: no sky matching, no variances, no flags. Exposures are written as FITS first, with a linear WCS; that is not timed.
 */
export async function runCTools(root: URL, request: RunRequest): Promise<RunResult[]> {
  const [swarp, sex] = [onPath("SWarp", "swarp"), onPath("sex", "source-extractor")];
  if (!swarp) return [];
  const { scene, files } = request;
  const folder = join(request.out, "fits");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const names = await Promise.all(files.exposures.map((path, i) => toFits(path, join(folder, `${i}.fits`))));
  const told = (
    program: "swarp" | "sextractor",
    path: string,
    words: readonly string[],
  ): Promise<RunResult> => runTool(root, request, program, path, words, folder);
  const results = [
    await told("swarp", swarp, [
      ...names,
      ...["-IMAGEOUT_NAME", COADD, "-WEIGHTOUT_NAME", "weight.fits", "-COMBINE_TYPE", "CLIPPED"],
      ...["-RESAMPLING_TYPE", "LANCZOS3", "-SUBTRACT_BACK", "N", "-CENTER_TYPE", "MANUAL"],
      ...["-CENTER", `${CELL.ra},${CELL.dec}`, "-IMAGE_SIZE", String(scene.mosaic)],
      ...["-PIXELSCALE_TYPE", "MANUAL", "-PIXEL_SCALE", String(CELL_ARCSEC), "-PROJECTION_TYPE", "TAN"],
      ...["-NTHREADS", String(availableParallelism()), "-VERBOSE_TYPE", "QUIET", "-WRITE_XML", "N"],
    ]),
  ];
  if (sex && results[0].failed === undefined) {
    await writeFile(join(folder, "columns.param"), `${COLUMNS.join("\n")}\n`);
    await writeFile(join(folder, "empty.sex"), "");
    results.push(
      await told("sextractor", sex, [
        ...[COADD, "-c", "empty.sex", "-PARAMETERS_NAME", "columns.param", "-FILTER", "N"],
        ...["-PHOT_APERTURES", "5,10,20", "-CATALOG_NAME", "catalog.cat", "-VERBOSE_TYPE", "QUIET"],
        ...["-CHECKIMAGE_TYPE", "SEGMENTATION", "-CHECKIMAGE_NAME", "segments.fits"],
      ]),
    );
  }
  return results;
}

/** An exposure as FITS, its WCS linear about the detector's centre. */
async function toFits(path: string, target: string): Promise<string> {
  const image = await WfiImage.open(path);
  try {
    const { data } = await image.arrays();
    const [ny, nx] = image.shape;
    const [x, y] = [(nx - 1) / 2, (ny - 1) / 2];
    const [ra, dec] = image.wcs.forward(x, y);
    const shrink = Math.cos((dec * Math.PI) / 180);
    const [right, up] = [image.wcs.forward(x + 1, y), image.wcs.forward(x, y + 1)];
    await writeFits(target, data, nx, {
      CTYPE1: "RA---TAN",
      CTYPE2: "DEC--TAN",
      CRPIX1: x + 1,
      CRPIX2: y + 1,
      CRVAL1: ra,
      CRVAL2: dec,
      CD1_1: (right[0] - ra) * shrink,
      CD1_2: (up[0] - ra) * shrink,
      CD2_1: right[1] - dec,
      CD2_2: up[1] - dec,
    });
    return target;
  } finally {
    await image.close();
  }
}
