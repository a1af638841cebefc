import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readResults } from "../measure/bench.js";
import { type Results, type RunResult, STAGES, median } from "../measure/results.js";
import {
  compileTable,
  drizzleTable,
  gigabytes,
  kernelShares,
  kernelTable,
  limitSection,
  rateTable,
  ratioList,
  runTable,
  stageSection,
  STAGE_NOTES,
} from "./sections.js";
import { type Curve, barsSvg, curvesSvg } from "./svg.js";
import { issueTable } from "./targets.js";

const INTRODUCTION = `# Performance

Made by \`npm run bench -- --page\` from the newest file of each machine in bench/results. The benches make their own exposures (bench/scene): four 4088 x 4088
exposures into a sky cell of 5000 x 5000, lz4 input, all default options, all products written, is "the case". Seconds are from the start of
the process to its exit, memory is the process's peak; both are watched from outside. romancal, SWarp and SExtractor are given the same pixels.

| command | measures |
|---|---|
| \`npm run bench\` | everything below on the best device there is; \`--device lavapipe swiftshader\` on these |
| \`npm run bench -- --only whole,drizzle --romancal PYTHON\` | parts of it, romancal beside them; figures are added to those of the day |
| \`npm run bench -- --gpu\` | everything on a GPU |
| \`npm run bench -- --quick\` | that the benches work: a minute, small scenes, nothing kept |

Parts: kernels (and what the device gives at best), whole, drizzle, tenth, compile, sources (100 to 100 000), exposures (1 to 16), many (32), mosaics (2500², 10 000²), sparse and
covered (20 000²). A machine with a GPU needs nothing but Node and the tree with \`dist\`, \`.cache/bench\` (made by \`npm run bench -- --quick\`) and production modules, and no npm (\`node scripts/bench.mjs --gpu\`); 32
exposures need 5 GB of disk, a mosaic of 20 000 x 20 000 some 25 GB.

What one run did is in the trace that \`--profile FILE\` writes (chrome://tracing, ui.perfetto.dev): steps and stages, files, transfers, and each pass
where the device has timestamp queries.`;

/** Writes docs/performance.md and its plots from the results that are kept. */
export async function writePage(root: URL): Promise<void> {
  const folder = new URL("bench/results/", root);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  const read = await Promise.all(names.map((name) => readResults(fileURLToPath(new URL(name, folder)))));
  const [all, kept] = newest(read, names);
  const plots = new Map<string, string>();
  const remarks = await readFile(new URL("bench/page/remarks.md", root), "utf8").catch(() => "");
  const page = pageOf(all, kept, plots, remarks.trim());
  const place = new URL("docs/performance/", root);
  await rm(place, { recursive: true, force: true });
  if (plots.size) await mkdir(place, { recursive: true });
  for (const [name, svg] of plots) await writeFile(new URL(name, place), svg);
  await writeFile(new URL("docs/performance.md", root), page);
}

/** The last results of each machine; names begin with the date. */
export function newest(all: readonly Results[], names: readonly string[]): [Results[], string[]] {
  const last = new Map<string, number>();
  names.forEach((name, i) => last.set(name.replace(/^\d{4}-\d\d-\d\d-/, ""), i));
  const kept = [...last.values()].sort((a, b) => a - b);
  return [kept.map((i) => all[i]), kept.map((i) => names[i])];
}

/** The page, with what people have to say of the figures (`remarks`); its plots are put into `plots` by file name. */
export function pageOf(
  all: readonly Results[],
  names: readonly string[],
  plots: Map<string, string>,
  remarks = "",
): string {
  const sections = [INTRODUCTION, "## Targets", issueTable(all)];
  if (remarks) sections.push(remarks);
  if (!all.some(({ rates }) => rates.some(({ kind }) => kind === "hardware")))
    sections.push("No GPU has been measured yet; `npm run bench -- --gpu` makes the figures on one.");
  if (all.length === 0) sections.push("Nothing has been measured yet.");
  all.forEach((results, i) => sections.push(...sectionsOf(results, names[i], plots)));
  return `${sections.join("\n\n")}\n`;
}

function sectionsOf(results: Results, name: string, plots: Map<string, string>): string[] {
  const { machine, date, version, runs, commands } = results;
  const stem = name.replace(/\.json$/, "");
  const sections = [
    `## ${machine.cpu}, ${machine.cores} cores`,
    `${date}, version ${version}; ${gigabytes(machine.memoryBytes)} GB of memory; ${machine.system}; Node ${machine.node}, webgpu ${machine.modules.webgpu}; ` +
      `[bench/results/${name}](../bench/results/${name})`,
    commands.map((words) => `    npm run bench -- ${words}`).join("\n"),
  ];
  if (runs.length) sections.push("### Whole runs", runTable(runs), ratioList(results));
  for (const [suite, { title, x, curves }] of Object.entries(curvesOf(runs))) {
    const file = `${stem}-${suite}.svg`;
    plots.set(file, curvesSvg(title, x, "seconds", curves));
    sections.push(`![${title}](performance/${file})`);
  }
  if (results.drizzle.length) sections.push(drizzleTable(results));
  for (const run of runs.filter(({ suite, stages }) => suite === "whole" && stages)) {
    const title = `Where the seconds go: the case on ${run.kind}`;
    const file = `${stem}-stages-${run.kind}.svg`;
    plots.set(file, stagesSvg(title, run));
    const limits = limitSection(run, results);
    sections.push(`### ${title}`, stageSection(run), STAGE_NOTES, `![${title}](performance/${file})`);
    sections.push(kernelShares(run));
    if (limits) sections.push(`### What the machine could do: the case on ${run.kind}`, limits);
  }
  sections.push(compileTable(runs));
  if (results.rates.length) sections.push("### What the devices give at best", rateTable(results));
  if (results.kernels.length) sections.push("### Kernels that move data", kernelTable(results));
  return sections.filter(Boolean);
}

function stagesSvg(title: string, { stages = [] }: RunResult): string {
  const bars = stages.map(({ step, seconds, stages: parts, other }) => ({
    name: step,
    label: `${seconds.toFixed(seconds < 0.1 ? 3 : 2)} s`,
    parts: [
      ...STAGES.map((name) => ({ name: name as string, value: parts[name] })),
      { name: "other", value: other },
    ],
  }));
  return barsSvg(title, "s", bars);
}

type Plot = { readonly title: string; readonly x: string; readonly curves: Curve[] };

/** Seconds over exposures, mosaic's side and sources, one curve a device, where there are two points at least. */
export function curvesOf(runs: readonly RunResult[]): Record<string, Plot> {
  const kinds: readonly [suite: string, title: string, x: string, at: (run: RunResult) => number][] = [
    ["exposures", "Seconds over exposures in one sky cell", "exposures", ({ scene }) => scene.exposures],
    ["mosaics", "Seconds over the mosaic's side", "pixels a side", ({ scene }) => scene.mosaic],
    ["sources", "Seconds over sources", "sources made", ({ scene }) => scene.sources],
  ];
  const plots: Record<string, Plot> = {};
  for (const [suite, title, x, at] of kinds) {
    const found = runs.filter(
      (run) =>
        (run.suite === suite || run.suite === "whole") &&
        run.failed === undefined &&
        run.program === "romancal-webgpu",
    );
    const curves = [...new Set(found.map(({ kind }) => kind))].map((kind) => ({
      name: kind ?? "",
      points: found
        .filter((run) => run.kind === kind)
        .map((run): [number, number] => [at(run), median(run.seconds)]),
    }));
    const drawn = curves.filter(({ points }) => new Set(points.map(([at_]) => at_)).size > 1);
    if (drawn.length) plots[suite] = { title, x, curves: drawn };
  }
  return plots;
}
