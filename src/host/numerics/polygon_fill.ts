/** Runs of pixels, row by row: those of row y are [x0[s], x1[s]], both ends included, for rowStart[y] <= s < rowStart[y + 1]. */
export interface Spans {
  readonly nx: number;
  readonly ny: number;
  /** ny + 1 offsets. */
  readonly rowStart: Uint32Array;
  /** Pairs x0, x1; ascending and apart within a row. */
  readonly runs: Uint32Array;
}

type Run = [x0: number, x1: number];
interface Edge {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
  readonly bottom: number;
  readonly top: number;
}

/** Every pixel of an image of nx x ny. */
export function allPixels(nx: number, ny: number): Spans {
  return {
    nx,
    ny,
    rowStart: Uint32Array.from({ length: ny + 1 }, (_, y) => y),
    runs: Uint32Array.from({ length: 2 * ny }, (_, i) => (i % 2) * (nx - 1)),
  };
}

/**
 * The pixels of an nx x ny image that gwcs counts as inside of any of the polygons (closed lists of vertices, 0-based pixel
 * centres). Vertices are rounded to whole pixels, half to even; a row's run goes from the ceiling of one side to the ceiling
 * of the next, both included. Source: gwcs 1.0.3 region.py Polygon.scan, as stcal 1.20.0 skymatch calls it.
 */
export function fillPolygons(
  polygons: readonly { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> }[],
  nx: number,
  ny: number,
): Spans {
  const scans = polygons.flatMap(({ x, y }) => scanOf(x, y) ?? []);
  const rowStart = new Uint32Array(ny + 1);
  let runs = new Uint32Array(2 * ny);
  const row: Run[] = [];
  for (let y = 0; y < ny; y++) {
    row.length = 0;
    for (const scan of scans) scanLine(scan, y, nx, row);
    const found = row.length > 1 ? disjoint(row) : row;
    const [start, end] = [rowStart[y], rowStart[y] + found.length];
    if (2 * end > runs.length) runs = grown(runs, 4 * end);
    for (let k = start; k < end; k++) {
      const run = found[k - start];
      runs[2 * k] = run[0];
      runs[2 * k + 1] = run[1];
    }
    rowStart[y + 1] = end;
  }
  return { nx, ny, rowStart, runs: runs.slice(0, 2 * rowStart[ny]) };
}

function grown(runs: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(runs);
  return larger;
}

/** A polygon while its rows are filled, upwards. */
interface Scan {
  readonly shiftX: number;
  readonly shiftY: number;
  readonly first: number;
  readonly last: number;
  /** Not yet reached, the lowest last. */
  readonly ahead: Edge[];
  active: Edge[];
  /** Where the first of the active ones ends. */
  nextTop: number;
  /** Of the line at hand, ascending. */
  readonly cuts: number[];
}

/** Undefined for a polygon that is no wider than one column. */
function scanOf(x: ArrayLike<number>, y: ArrayLike<number>): Scan | undefined {
  const least = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.min(a, b), 0);
  const [left, low] = [least(x), least(y)];
  const vertices = Array.from(
    x,
    (value, i) => [roundHalfEven(value - left), roundHalfEven(y[i] - low)] as const,
  );
  const columns = vertices.map(([vx]) => vx);
  if (Math.max(...columns) <= Math.min(...columns)) return undefined;
  const lines = vertices.map(([, vy]) => vy);
  return {
    shiftX: roundHalfEven(left),
    shiftY: roundHalfEven(low),
    first: Math.min(...lines),
    last: Math.max(...lines),
    ahead: edgesOf(vertices).sort((a, b) => b.bottom - a.bottom),
    active: [],
    nextTop: Infinity,
    cuts: [],
  };
}

function scanLine(scan: Scan, y: number, nx: number, row: Run[]): void {
  const { shiftX, ahead, first, last, cuts } = scan;
  const line = y - scan.shiftY;
  if (line < first || line > last) return;
  // the top line keeps the sides that end on it
  const reached = Math.min(line, last - 1);
  while (ahead.length > 0 && ahead[ahead.length - 1].bottom <= reached) {
    const edge = ahead.pop()!;
    scan.active.push(edge);
    scan.nextTop = Math.min(scan.nextTop, edge.top);
  }
  if (reached >= scan.nextTop) {
    scan.active = scan.active.filter(({ top }) => top > reached);
    scan.nextTop = scan.active.reduce((least, { top }) => Math.min(least, top), Infinity);
  }
  cuts.length = 0;
  for (const { x0, y0, dx, dy } of scan.active) insert(cuts, Math.ceil(((line - y0) / dy) * dx + x0));
  for (let k = 0; k + 1 < cuts.length; k += 2) addRun(row, cuts[k] + shiftX, cuts[k + 1] + shiftX, nx);
}

/** Into ascending values: there are two, mostly. */
function insert(values: number[], value: number): void {
  let at = values.length;
  for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
  values[at] = value;
}

function addRun(row: Run[], from: number, to: number, nx: number): void {
  const end = Math.min(to, nx - 1) + 1;
  // as a numpy slice: an end below zero counts from the right
  const stop = end < 0 ? end + nx : end;
  const start = Math.max(0, from);
  if (stop > start) row.push([start, stop - 1]);
}

function edgesOf(vertices: readonly (readonly [number, number])[]): Edge[] {
  return vertices.slice(1).flatMap(([x1, y1], i) => {
    const [x0, y0] = vertices[i];
    if (y0 === y1) return [];
    return [{ x0, y0, dx: x1 - x0, dy: y1 - y0, bottom: Math.min(y0, y1), top: Math.max(y0, y1) }];
  });
}

/** Python's round(): to the nearest integer, halves to the even one. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}

function disjoint(runs: Run[]): Run[] {
  runs.sort((a, b) => a[0] - b[0]);
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last && run[0] <= last[1] + 1) last[1] = Math.max(last[1], run[1]);
    else joined.push([...run]);
  }
  return joined;
}
