import { Command, Option } from "commander";
import { bench, ratiosOf, SCRATCH } from "./measure/bench.js";
import { SUITES, type Suite } from "./measure/suites.js";
import { writePage } from "./page/page.js";
import { sceneCommand } from "./scene/command.js";

interface Words {
  readonly quick?: boolean;
  readonly gpu?: boolean;
  readonly device?: string[];
  readonly only?: string;
  readonly repeat?: number;
  readonly romancal?: string;
  readonly scratch: string;
  readonly out?: string;
}

/** The benches' command line; `words` are what follows `npm run bench --`. */
export async function main(root: URL, words: readonly string[]): Promise<void> {
  const program = new Command("bench")
    .description(
      "measure kernels, steps and whole runs; results go to bench/results, the page to docs/performance.md",
    )
    .option("--quick", "small scenes: a minute")
    .option("--gpu", "all figures of a GPU: kernels, the case, 1 to 32 exposures, mosaics, sources")
    .addOption(new Option("--device <kind...>", "where to compute (default: auto)"))
    .option("--only <words>", `kernels, ${SUITES.join(", ")}: one or several, with commas`)
    .addOption(new Option("--repeat <n>", "runs of each kind; their median counts").argParser(Number))
    .option("--romancal <python>", "Python that has romancal, or none (default: the first on the PATH)")
    .option("--scratch <folder>", "where scenes and products go; up to 25 GB in full", SCRATCH)
    .option(
      "--out <file>",
      "results (default: bench/results/DEVICE-DATE.json; --quick: .cache/bench-quick.json)",
    )
    .action((options: Words) => measure(root, options, words));
  program
    .command("page")
    .description("make docs/performance.md and its plots from bench/results anew")
    .action(() => writePage(root));
  program
    .command("scene", { hidden: false })
    .description("make exposures, an association and a skymap")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => sceneCommand(root, words.slice(1)));
  await program.parseAsync([...words], { from: "user" });
}

/** The words without this machine's folders. */
function withoutPlaces(words: readonly string[]): string[] {
  return words.map((word) => word.replace(/^(--\w+=)?.*\/.*$/, "$1PATH"));
}

async function measure(root: URL, options: Words, words: readonly string[]): Promise<void> {
  const { quick = false, gpu = false } = options;
  const only = options.only?.split(",");
  const unknown = only?.find((word) => word !== "kernels" && !SUITES.includes(word as Suite));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: expected kernels, ${SUITES.join(", ")}`);
  const devices = options.device ?? [gpu ? "hardware" : "auto"];
  const name = `${devices.join("-")}-${new Date().toISOString().slice(0, 16).replace(":", "")}`;
  const out = options.out ?? (quick ? ".cache/bench-quick.json" : `bench/results/${name}.json`);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const results = await bench(root, {
    quick,
    devices,
    suites: only ? SUITES.filter((suite) => only.includes(suite)) : SUITES,
    kernels: only === undefined || only.includes("kernels"),
    repeats: options.repeat ?? (quick ? 1 : 3),
    romancal: options.romancal,
    scratch: options.scratch,
    out,
    words: withoutPlaces(words),
    print,
  });
  for (const line of ratiosOf(results)) print(line);
  print(out);
  if (!quick) await writePage(root);
}
