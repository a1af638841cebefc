import type { Skymap, SkymapColumns } from "../models/skymap.js";
import { type Vec3, dot, fromLonLat } from "../wcs/sphere/index.js";
import {
  type Footprint,
  type Outline,
  angleBetween,
  chord,
  coneOutline,
  intersects,
  outlineFrom,
} from "./outlines.js";

/** romancal 1.0.1 ProjectionRegion.MAX_LENGTH, radians, and SkyCells.length, which are degrees taken as radians. */
const REGION_LENGTH = 0.08174916691321586;
const CELL_LENGTH = 0.107984;
const SLACK = 1.1;

interface Region {
  readonly center: Vec3;
  readonly outline: Outline;
  readonly cells: readonly [first: number, end: number];
}

interface Cell {
  readonly center: Vec3;
  /** Radians from the centre to the farthest corner. */
  readonly radius: number;
  readonly outline: Outline;
}

/**
 * Finds the sky cells that exposures touch. Of the table of sky cells (eight million rows in the real skymap) only the rows of
 * the projection regions that a footprint touches are read, each once.
 * Source: romancal 1.0.1 skycell/match.py find_skycell_matches, skycell/skymap.py.
 */
export class SkycellMatcher {
  private regions: Promise<readonly Region[]> | undefined;
  private readonly cells = new Map<Region, Promise<readonly Cell[]>>();

  constructor(private readonly skymap: Skymap) {}

  /** Rows of the sky cells that have a point in common with a footprint, ascending. */
  async find(footprint: Footprint): Promise<number[]> {
    const { ring, inside: center, length } = footprint;
    const radius = Math.max(...ring.map((p) => angleBetween(p, center)));
    const regions = await (this.regions ??= this.skymap.regionTable().then(regionsOf));
    const near = (point: Vec3, size: number): boolean =>
      chord(point, center) <= ((length + size) / 2) * SLACK;
    const found: number[] = [];
    for (const region of regions) {
      if (!near(region.center, REGION_LENGTH) || !intersects(footprint, region.outline)) continue;
      const [first] = region.cells;
      (await this.cellsOf(region)).forEach((cell, i) => {
        // what lies farther apart than both radii has no point in common
        if (dot(cell.center, center) < Math.cos(Math.min(Math.PI, cell.radius + radius + 1e-9))) return;
        if (near(cell.center, CELL_LENGTH) && intersects(footprint, cell.outline)) found.push(first + i);
      });
    }
    return [...new Set(found)].sort((a, b) => a - b);
  }

  private cellsOf(region: Region): Promise<readonly Cell[]> {
    let cells = this.cells.get(region);
    if (!cells) this.cells.set(region, (cells = this.skymap.cellRows(...region.cells).then(cellsFrom)));
    return cells;
  }
}

function regionsOf(table: SkymapColumns): Region[] {
  return table.ra_tangent.map((ra, i) => {
    const dec = table.dec_tangent[i];
    return {
      center: fromLonLat(ra, dec),
      outline: regionOutline(table, i),
      cells: [table.skycell_start[i], table.skycell_end[i]],
    };
  });
}

/** Around a pole a circle, elsewhere great circles between the corners. */
function regionOutline(table: SkymapColumns, i: number): Outline {
  const [ra0, ra1] = [table.ra_min[i], table.ra_max[i]];
  const [dec0, dec1] = [table.dec_min[i], table.dec_max[i]];
  if (dec1 === 90 || dec0 === -90) {
    // romancal's circle about the south pole: it has the complement of the cap's radius
    const radius = dec1 === 90 ? 90 - dec0 : -dec1;
    return coneOutline(table.ra_tangent[i], table.dec_tangent[i], radius);
  }
  return outlineFrom([ra0, ra1, ra1, ra0], [dec0, dec0, dec1, dec1]);
}

function cellsFrom(table: SkymapColumns): Cell[] {
  return table.ra_center.map((ra, i) => {
    const center = fromLonLat(ra, table.dec_center[i]);
    const corners = (axis: string): number[] => [1, 2, 3, 4].map((k) => table[`${axis}_corn${k}`][i]);
    const outline = outlineFrom(corners("ra"), corners("dec"), center);
    return { center, outline, radius: Math.max(...outline.ring.map((p) => angleBetween(p, center))) };
  });
}
