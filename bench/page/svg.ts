/** A curve: values at places; both axes logarithmic. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Bars {
  readonly name: string;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
  /** What stands behind the bar. */
  readonly label: string;
}

const COLOURS = [
  "#4477aa",
  "#ee6677",
  "#228833",
  "#ccbb44",
  "#66ccee",
  "#aa3377",
  "#bbbbbb",
  "#332288",
  "#999933",
  "#882255",
  "#44aa99",
];
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [720, 360, 70, 50, 34, 170];

/** Curves over logarithmic axes, as an SVG that stands on a light and a dark page. */
export function curvesSvg(title: string, xName: string, yName: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = rangeOf(points.map(([x]) => x));
  const ys = rangeOf(points.map(([, y]) => y));
  const px = (x: number): number =>
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.log(x / xs[0])) / Math.log(xs[1] / xs[0]);
  const py = (y: number): number =>
    HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * Math.log(y / ys[0])) / Math.log(ys[1] / ys[0]);
  const parts: string[] = [];
  for (const x of ticksOf(xs)) {
    parts.push(line(px(x), TOP, px(x), HEIGHT - BOTTOM, "grid"));
    parts.push(text(px(x), HEIGHT - BOTTOM + 16, short(x), "middle"));
  }
  for (const y of ticksOf(ys)) {
    parts.push(line(LEFT, py(y), WIDTH - RIGHT, py(y), "grid"));
    parts.push(text(LEFT - 6, py(y) + 4, short(y), "end"));
  }
  curves.forEach(({ name, points: own }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const sorted = [...own].sort((a, b) => a[0] - b[0]);
    const path = sorted.map(([x, y]) => `${round(px(x))},${round(py(y))}`).join(" ");
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    for (const [x, y] of sorted)
      parts.push(`<circle cx="${round(px(x))}" cy="${round(py(y))}" r="3.5" fill="${colour}"/>`);
    parts.push(key(i, name, colour));
  });
  parts.push(text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 12, xName, "middle"));
  parts.push(text(LEFT, TOP - 10, yName, "start"));
  return frame(title, HEIGHT, parts);
}

/** Stacked bars, one a row. */
export function barsSvg(title: string, unit: string, bars: readonly Bars[]): string {
  const height = TOP + BOTTOM + Math.max(bars.length * 30, 12 * 18);
  const totals = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const largest = Math.max(...totals, Number.MIN_VALUE);
  const left = LEFT + 70;
  const width = WIDTH - left - RIGHT;
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const drawn: string[] = [];
  bars.forEach(({ name, parts, label }, row) => {
    const y = TOP + row * 30;
    let x = left;
    for (const part of parts) {
      const w = (part.value / largest) * width;
      const colour = COLOURS[names.indexOf(part.name) % COLOURS.length];
      drawn.push(
        `<rect x="${round(x)}" y="${y}" width="${round(w)}" height="22" fill="${colour}">` +
          `<title>${escape(`${name}, ${part.name}: ${part.value.toPrecision(3)} ${unit}`)}</title></rect>`,
      );
      x += w;
    }
    drawn.push(text(left - 6, y + 16, name, "end"));
    drawn.push(text(x + 5, y + 16, label, "start"));
  });
  names.forEach((name, i) => drawn.push(key(i, name, COLOURS[i % COLOURS.length])));
  return frame(title, height, drawn);
}

function frame(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">`,
    "<style>text{font:12px sans-serif;fill:#777}.grid{stroke:#8884;stroke-width:1}</style>",
    `<title>${escape(title)}</title>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function key(i: number, name: string, colour: string): string {
  const y = TOP + 18 * i;
  const x = WIDTH - RIGHT + 50;
  return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}"/>${text(x + 17, y + 11, name, "start")}`;
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${kind}"/>`;
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(words)}</text>`;
}

/** A range that holds all values, with a little room; never empty. */
function rangeOf(values: readonly number[]): [number, number] {
  return [Math.min(...values) / 1.25, Math.max(...values) * 1.25];
}

/** 1, 2, 5 times powers of ten within a range; powers of ten alone where these are many. */
function ticksOf([low, high]: readonly [number, number]): number[] {
  const ticks: number[] = [];
  const steps = high / low > 300 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  return ticks;
}

function short(value: number): string {
  return value >= 10_000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}

function round(value: number): string {
  return value.toFixed(1);
}

function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
