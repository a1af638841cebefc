import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ratiosOf, readResults } from "../measure/bench.js";
import { type KernelResult, type Results, type RunResult, STAGES, median } from "../measure/results.js";
import { type Curve, barsSvg, curvesSvg } from "./svg.js";
import { table } from "./table.js";
import { issueTable } from "./targets.js";

const INTRODUCTION = `# Performance

Made by \`npm run bench\` from the files in bench/results; \`npm run bench -- page\` makes it anew. The benches make their own exposures
(bench/scene): four 4088 x 4088 exposures into a sky cell of 5000 x 5000, lz4 input, all products written, is "the case". Seconds are
from the start of the process to its exit, the median over repetitions. romancal is given the same files in the same run.

| command | measures |
|---|---|
| \`npm run bench\` | kernels, the case, 1 to 32 exposures, mosaics up to 20 000 x 20 000, 100 to 100 000 sources |
| \`npm run bench -- --device lavapipe swiftshader --only case --romancal PYTHON\` | the case on both software drivers against romancal |
| \`npm run bench -- --gpu\` | all of it on a GPU |
| \`npm run bench -- --quick\` | that the benches work: a minute, small scenes, nothing kept |

On a machine with a GPU and nothing but Node, take the tree with \`dist\` and \`.cache/bench\` (made by \`npm run bench -- --quick\`); a scene
of 32 exposures needs 5 GB of disk, a mosaic of 20 000 x 20 000 some 25 GB.

What one run did is in the trace that \`--profile FILE\` writes (chrome://tracing, ui.perfetto.dev): steps and stages, files, transfers, and each pass
where the device has timestamp queries.`;

const NOTES = `A stage's seconds are those in which it was going on at all, on whatever thread: what runs side by side counts once. "Kernel" is the device's own
time; "read-back" is copying, and waiting while no kernel runs. "Other" is the host computing; "overlap" is what stages saved by running
side by side.`;

/** Writes docs/performance.md and its plots from the results that are kept. */
export async function writePage(root: URL): Promise<void> {
  const folder = new URL("bench/results/", root);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  const all = await Promise.all(names.map((name) => readResults(fileURLToPath(new URL(name, folder)))));
  const plots = new Map<string, string>();
  const page = pageOf(all, names, plots);
  const place = new URL("docs/performance/", root);
  await rm(place, { recursive: true, force: true });
  if (plots.size) await mkdir(place, { recursive: true });
  for (const [name, svg] of plots) await writeFile(new URL(name, place), svg);
  await writeFile(new URL("docs/performance.md", root), page);
}

/** The page; its plots are put into `plots` by file name. */
export function pageOf(
  all: readonly Results[],
  names: readonly string[],
  plots: Map<string, string>,
): string {
  const sections = [INTRODUCTION];
  if (all.length === 0) sections.push("Nothing has been measured yet.");
  else sections.push("## Targets", issueTable(all));
  all.forEach((results, i) => sections.push(...sectionsOf(results, names[i], plots)));
  return `${sections.join("\n\n")}\n`;
}

function sectionsOf(results: Results, name: string, plots: Map<string, string>): string[] {
  const { machine, date, version, commit } = results;
  const stem = name.replace(/\.json$/, "");
  const devices = [...new Set(results.runs.flatMap(({ device }) => (device ? [device] : [])))];
  const sections = [
    `## ${devices.join("; ") || stem}`,
    `${date.slice(0, 10)}, version ${version} (${commit}); ${machine.cpu}, ${machine.cores} cores, ${gigabytes(machine.memoryBytes)} GB; ` +
      `${machine.system}; Node ${machine.node}, webgpu ${machine.modules.webgpu}. \`npm run bench -- ${results.words.join(" ")}\`, bench/results/${name}`,
  ];
  if (results.runs.length) sections.push(runTable(results.runs));
  const ratios = ratiosOf(results);
  if (ratios.length) sections.push(ratios.map((line) => `- ${line}`).join("\n"));
  const curves = curvesOf(results.runs);
  for (const [suite, { title, x, curves: drawn }] of Object.entries(curves)) {
    const file = `${stem}-${suite}.svg`;
    plots.set(file, curvesSvg(title, x, "seconds", drawn));
    sections.push(`![${title}](performance/${file})`);
  }
  results.runs.forEach((run) => {
    if (run.suite !== "case" || !run.stages) return;
    const title = `Where the seconds go: the case on ${run.kind}`;
    const file = `${stem}-stages-${run.kind}.svg`;
    plots.set(file, stagesSvg(title, run));
    sections.push(
      `### ${title}`,
      stageTable(run),
      NOTES,
      `![${title}](performance/${file})`,
      kernelShares(run),
    );
  });
  if (results.kernels.length) sections.push("### Kernels that move data", kernelTable(results.kernels));
  return sections.filter(Boolean);
}

function runTable(runs: readonly RunResult[]): string {
  const rows = runs.map(
    ({ suite, program, kind, scene, seconds, sources, residentBytes, deviceBytes, failed }) => [
      suite,
      `${scene.exposures} x ${scene.size}²`,
      `${scene.mosaic}²`,
      String(scene.sources),
      kind ? `${program}, ${kind}` : program,
      failed === undefined ? median(seconds).toFixed(2) : `failed: ${failed}`,
      sources === undefined ? "" : String(sources),
      residentBytes === undefined ? "" : gigabytes(residentBytes),
      deviceBytes === undefined ? "" : gigabytes(deviceBytes),
    ],
  );
  return table(
    ["suite", "exposures", "mosaic", "sources", "program", "seconds", "found", "process, GB", "device, GB"],
    rows,
  );
}

function stageTable({ stages = [] }: RunResult): string {
  const number = (value: number): string => (value < 0.0005 ? "" : value.toFixed(value < 0.1 ? 3 : 2));
  const rows = stages.map(({ step, seconds, stages: parts, other, overlapped }) => [
    step,
    number(seconds),
    ...STAGES.map((name) => number(parts[name])),
    number(other),
    number(overlapped),
  ]);
  return table(["step", "seconds", ...STAGES, "other", "overlap"], rows);
}

function stagesSvg(title: string, { stages = [] }: RunResult): string {
  const bars = stages.map(({ step, stages: parts, other }) => ({
    name: step,
    parts: [
      ...STAGES.map((name) => ({ name: name as string, value: parts[name] })),
      { name: "other", value: other },
    ],
  }));
  return barsSvg(title, "s", bars);
}

function kernelShares({ kernels = [] }: RunResult): string {
  if (kernels.length === 0) return "";
  const rows = kernels
    .slice(0, 20)
    .map(({ kernel, passes, seconds, bytes }) => [
      kernel,
      String(passes),
      (seconds * 1000).toFixed(2),
      (bytes / 1e9).toFixed(2),
      (bytes / seconds / 1e9).toFixed(1),
    ]);
  return [
    "The kernels of this run that took longest. Bytes are those of the buffers bound, twice where a kernel may write: an upper bound.",
    table(["kernel", "passes", "ms", "GB bound", "GB/s at most"], rows),
  ].join("\n\n");
}

function kernelTable(kernels: readonly KernelResult[]): string {
  const rows = kernels.map(({ device, kernel, on, pixels, bytes, seconds, share, timestamps }) => [
    device,
    kernel,
    on,
    (pixels / seconds / 1e6).toFixed(0),
    (bytes / seconds / 1e9).toFixed(1),
    `${(100 * share).toFixed(0)} %`,
    timestamps ? "device" : "host",
  ]);
  return table(["device", "kernel", "on", "Mpix/s", "GB/s", "of a copy", "timed by"], rows);
}

type Plot = { readonly title: string; readonly x: string; readonly curves: Curve[] };

/** Seconds over exposures, mosaic's side and sources, one curve a device, where there are two points at least. */
function curvesOf(runs: readonly RunResult[]): Record<string, Plot> {
  const kinds: readonly [suite: string, title: string, x: string, at: (run: RunResult) => number][] = [
    ["exposures", "Seconds over exposures in one sky cell", "exposures", ({ scene }) => scene.exposures],
    [
      "mosaics, four exposures",
      "Seconds over the mosaic's side",
      "pixels a side",
      ({ scene }) => scene.mosaic,
    ],
    ["sources", "Seconds over sources", "sources made", ({ scene }) => scene.sources],
  ];
  const plots: Record<string, Plot> = {};
  for (const [suite, title, x, at] of kinds) {
    const found = runs.filter(
      (run) =>
        (run.suite === suite || run.suite === "case") &&
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
    if (drawn.length) plots[suite.split(",")[0]] = { title, x, curves: drawn };
  }
  return plots;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}
