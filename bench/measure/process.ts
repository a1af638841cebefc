import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";

/** What a process took, watched from outside; seconds and bytes. Undefined where the system does not tell. */
export interface Ended {
  /** From its start to its exit. */
  readonly seconds: number;
  /** User and system time of it and of what it waited for. */
  readonly cpuSeconds?: number;
  /** Most resident memory, drivers included. */
  readonly residentBytes?: number;
  readonly load: Load;
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** How busy the machine was with other things. */
export interface Load {
  /** Runnable processes over the minute before the start. */
  readonly before: number;
  /** Part of the machine's cores that others used meanwhile. */
  readonly others?: number;
}

const SAMPLE_MS = 40;
/** /proc counts in hundredths of a second on Linux, whatever the machine. */
const TICKS = 100;

/** The environment as it was before any device was opened: opening one tells Vulkan's loader which drivers to read. */
const OUTSIDE = { ...process.env };

/**
 * Runs a program from start to exit in folder `cwd`, nothing else beside it. Resident memory is the kernel's own high-water mark, read
 * several times a second; processor time is that of waited-for children, which the kernel books when a process has ended.
 */
export function execute(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const [before] = loadavg();
    const [own, all] = [childSeconds(), machineSeconds()];
    const start = performance.now();
    const child = spawn(program, words, { env: { ...OUTSIDE, ...env }, cwd });
    let [out, err] = ["", ""];
    let residentBytes: number | undefined;
    const sample = (): void => {
      const seen = child.pid === undefined ? undefined : highWater(child.pid);
      if (seen !== undefined) residentBytes = Math.max(residentBytes ?? 0, seen);
    };
    const timer = setInterval(sample, SAMPLE_MS);
    child.stdout.on("data", (text) => (out += String(text)));
    child.stderr.on("data", (text) => (err += String(text)));
    child.once("error", (error) => {
      clearInterval(timer);
      reject(error);
    });
    let seconds = 0;
    child.once("exit", () => {
      seconds = (performance.now() - start) / 1000;
      clearInterval(timer);
    });
    child.once("close", (code) => {
      const cpuSeconds = difference(childSeconds(), own);
      const load = { before, others: othersShare(difference(machineSeconds(), all), cpuSeconds, seconds) };
      resolve({ seconds, cpuSeconds, residentBytes, load, code, out, err });
    });
  });
}

/** Part of the cores that was busy with other things over `seconds`: all busy time less our own. */
export function othersShare(
  busy: number | undefined,
  own: number | undefined,
  seconds: number,
  cores = availableParallelism(),
): number | undefined {
  if (busy === undefined || own === undefined || seconds <= 0) return undefined;
  return Math.min(1, Math.max(0, (busy - own) / (seconds * cores)));
}

function difference(later: number | undefined, earlier: number | undefined): number | undefined {
  return later === undefined || earlier === undefined ? undefined : later - earlier;
}

function readProc(name: string): string | undefined {
  try {
    return readFileSync(`/proc/${name}`, "utf8");
  } catch {
    return undefined;
  }
}

/** VmHWM of a process as /proc tells it. */
function highWater(pid: number): number | undefined {
  const found = /VmHWM:\s+(\d+) kB/.exec(readProc(`${pid}/status`) ?? "");
  return found ? Number(found[1]) * 1024 : undefined;
}

/** Processor time of the children of this process that have ended. */
function childSeconds(): number | undefined {
  const text = readProc("self/stat");
  return text === undefined ? undefined : childTicks(text) / TICKS;
}

/** cutime + cstime of a line of /proc/PID/stat; the program's name, which may hold blanks, ends with the last bracket. */
export function childTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[13]) + Number(fields[14]);
}

function machineSeconds(): number | undefined {
  const text = readProc("stat");
  return text === undefined ? undefined : busyTicks(text) / TICKS;
}

/** Ticks of /proc/stat in which some core did something: all but idle and waiting for disks. */
export function busyTicks(stat: string): number {
  const [user, nice, system, , , irq, softirq, steal] = stat.split("\n")[0].split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + softirq + steal;
}
