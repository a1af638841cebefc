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
  return spansOf(
    nx,
    Array.from({ length: ny }, () => [[0, nx - 1]]),
  );
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
  const rows: Run[][] = Array.from({ length: ny }, () => []);
  for (const { x, y } of polygons) fillPolygon(x, y, nx, rows);
  return spansOf(nx, rows.map(disjoint));
}

function fillPolygon(x: ArrayLike<number>, y: ArrayLike<number>, nx: number, rows: Run[][]): void {
  const least = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => Math.min(a, b), 0);
  const [left, low] = [least(x), least(y)];
  const vertices = Array.from(
    x,
    (value, i) => [roundHalfEven(value - left), roundHalfEven(y[i] - low)] as const,
  );
  const [shiftX, shiftY] = [roundHalfEven(left), roundHalfEven(low)];
  const columns = vertices.map(([vx]) => vx);
  if (Math.max(...columns) <= Math.min(...columns)) return;
  const edges = edgesOf(vertices);
  const lines = vertices.map(([, vy]) => vy);
  const [first, last] = [Math.min(...lines), Math.max(...lines)];
  let active: Edge[] = [];
  for (let line = first; line <= last; line++) {
    // the top line keeps the sides that end on it
    if (line < last) {
      active = [...active, ...edges.filter((edge) => edge.bottom === line)].filter(
        (edge) => edge.top !== line,
      );
    }
    const row = rows[line + shiftY] as Run[] | undefined;
    if (!row) continue;
    const cuts = active.map((edge) => Math.ceil(((line - edge.y0) / edge.dy) * edge.dx + edge.x0));
    cuts.sort((a, b) => a - b);
    for (let k = 0; k + 1 < cuts.length; k += 2) addRun(row, cuts[k] + shiftX, cuts[k + 1] + shiftX, nx);
  }
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

function spansOf(nx: number, rows: readonly (readonly Run[])[]): Spans {
  const rowStart = new Uint32Array(rows.length + 1);
  rows.forEach((runs, y) => (rowStart[y + 1] = rowStart[y] + runs.length));
  return { nx, ny: rows.length, rowStart, runs: Uint32Array.from(rows.flat(2)) };
}
