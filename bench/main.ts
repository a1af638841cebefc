import { Command, Option } from "commander";
import { DeviceMemoryError, NoDeviceError } from "../src/gpu/index.js";
import { UserError } from "../src/host/errors.js";
import { bench } from "./measure/bench.js";
import { ratiosOf } from "./measure/lines.js";
import { SUITES, type Suite } from "./measure/suites.js";
import { writePage } from "./page/page.js";
import { sceneCommand } from "./scene/command.js";

interface Words {
  readonly quick?: boolean;
  readonly gpu?: boolean;
  readonly page?: boolean;
  readonly device?: string[];
  readonly only?: string;
  readonly repeat?: number;
  readonly stages: boolean;
  readonly romancal?: string;
  readonly scratch?: string;
  readonly out?: string;
}

const QUICK_RESULTS = ".cache/bench-quick.json";

/** The benches' command line; `words` are what follows `npm run bench --`. */
export async function main(root: URL, words: readonly string[]): Promise<void> {
  const program = new Command("bench")
    .description(
      "measure kernels, drizzle alone and whole runs; figures go to bench/results, one file a machine and day",
    )
    .option("--quick", "small scenes, a minute; figures go to .cache")
    .option("--gpu", "all of it on a GPU (--device hardware where no other is named)")
    .option("--page", "make docs/performance.md and its plots from the newest results of each machine")
    .addOption(new Option("--device <kind...>", "where to compute (default: auto)"))
    .option("--only <words>", `kernels, ${SUITES.join(", ")}: one or several, with commas`)
    .addOption(
      new Option("--repeat <n>", "runs of each kind; their median counts (default: 3)").argParser(Number),
    )
    .option("--no-stages", "leave out the run with a profile that tells where the seconds go")
    .option("--romancal <python>", "Python that has romancal, or none (default: the first on the PATH)")
    .option(
      "--scratch <folder>",
      "where scenes go and stay for the next time; up to 25 GB (default: a folder that is removed)",
    )
    .option("--out <file>", `results (default: bench/results/DATE-MACHINE.json; --quick: ${QUICK_RESULTS})`)
    .action((options: Words) => (options.page ? writePage(root) : measure(root, options, words)));
  program
    .command("scene", { hidden: false })
    .description("make exposures, an association and a skymap")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action(() => sceneCommand(root, words.slice(1)));
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    const told = [UserError, NoDeviceError, DeviceMemoryError].some((kind) => error instanceof kind);
    if (!told) throw error;
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

/** The words without this machine's folders. */
export function withoutPlaces(words: readonly string[]): string[] {
  return words.map((word) => word.replace(/^(--\w+=)?.*\/.*$/, "$1PATH"));
}

async function measure(root: URL, options: Words, words: readonly string[]): Promise<void> {
  const { quick = false, gpu = false, stages, romancal, scratch } = options;
  const only = options.only?.split(",");
  const unknown = only?.find((word) => word !== "kernels" && !SUITES.includes(word as Suite));
  if (unknown !== undefined) throw new UserError(`--only ${unknown}: expected kernels, ${SUITES.join(", ")}`);
  const { results, path } = await bench(root, {
    ...{ quick, stages, romancal, scratch },
    devices: options.device ?? [gpu ? "hardware" : "auto"],
    suites: only ? SUITES.filter((suite) => only.includes(suite)) : SUITES,
    kernels: only === undefined || only.includes("kernels"),
    repeats: options.repeat ?? (quick ? 1 : 3),
    out: options.out ?? (quick ? QUICK_RESULTS : undefined),
    words: withoutPlaces(words),
    print: (line) => void process.stdout.write(`${line}\n`),
  });
  for (const line of ratiosOf(results)) process.stdout.write(`${line}\n`);
  process.stdout.write(`${path}\n`);
}
