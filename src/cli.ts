import { CommanderError } from "commander";
import { type Actions, makeProgram, normalizeWords, usageMessage } from "./cli/arguments.js";
import { describeDevices } from "./cli/devices.js";
import { describeFile } from "./cli/info.js";
import { runRequest } from "./cli/run.js";
import { DeviceMemoryError, NoDeviceError } from "./gpu/index.js";
import { UserError } from "./host/errors.js";

const FAILED = 1;
const WRONG_USAGE = 2;
const OUR_FAULT = 70;

const ACTIONS: Actions = {
  run: runRequest,
  async devices() {
    process.stdout.write(`${await describeDevices()}\n`);
  },
  async info(request) {
    process.stdout.write(`${await describeFile(request, process.stdout.columns || 100)}\n`);
  },
};

/**
 * The command line; `words` are what follows the program's name. Returns the exit code: 0, 1 where the run failed for a reason that
 * is told in one line, 2 for words that are not understood, 70 for a fault of ours (with its stack).
 */
export async function main(words: readonly string[], actions: Actions = ACTIONS): Promise<number> {
  const program = makeProgram(actions);
  const quiet = { writeErr: () => undefined };
  for (const command of [program, ...program.commands]) command.configureOutput(quiet).exitOverride();
  try {
    if (words.length === 0) program.outputHelp();
    else await program.parseAsync(normalizeWords(words), { from: "user" });
    return 0;
  } catch (error) {
    return tell(error, words);
  }
}

function tell(error: unknown, words: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    process.stderr.write(`romancal-webgpu: ${usageMessage(error, words)}\n`);
    return WRONG_USAGE;
  }
  const known =
    error instanceof UserError || error instanceof NoDeviceError || error instanceof DeviceMemoryError;
  if (known || error instanceof RangeError) {
    process.stderr.write(`romancal-webgpu: ${error.message}\n`);
    return FAILED;
  }
  process.stderr.write(`romancal-webgpu: this is a fault of the program, please report it\n`);
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return OUR_FAULT;
}
