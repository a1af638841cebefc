import { mkdir, open, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { compressSync, uncompressSync } from "lz4-napi";
import {
  type DeviceBuffer,
  type Gpu,
  type Recorder,
  defineKernel,
  storage,
  uniform,
} from "../../src/gpu/index.js";
import { coresAtOnce } from "./cores.js";

/** What the machine gives at best, as measured; bytes and operations a second. */
export interface HostRates {
  /** One thread copies memory that is there already: read and written bytes. */
  readonly copy: number;
  /** Of a file that the system holds in memory. */
  readonly read: number;
  readonly write: number;
  /** Decoded bytes a second of one core, and of all cores. */
  readonly decode: number;
  readonly encode: number;
  readonly cores: number;
  /** What all cores compute at once, in what one computes alone. */
  readonly coresAtOnce: number;
}

export interface DeviceRates {
  readonly device: string;
  readonly kind: string;
  /** Read and written bytes of a kernel that copies. */
  readonly copy: number;
  /** A multiplication and an addition are two. */
  readonly operations: number;
  /** Bytes to the device and back, buffers touched before. */
  readonly upload: number;
  readonly readBack: number;
}

const multiplyAdd = defineKernel({
  label: "bench/multiply_add",
  url: new URL("./multiply_add.wgsl", import.meta.url),
  bindings: { params: uniform({ rounds: "u32", factor: "f32" }), target_: storage("read_write") },
});
const copyKernel = defineKernel({
  label: "bench/copy",
  url: new URL("./copy.wgsl", import.meta.url),
  bindings: {
    params: uniform({ count: "u32", columns: "u32" }),
    source: storage("read"),
    target_: storage("read_write"),
  },
});
export const COPY = copyKernel;

const REPEATS = 5;
const GROUP = 64;
/** Eight vectors of four, a multiplication and an addition each. */
const OPERATIONS_A_ROUND = 64;

/** Best of a few: what can be reached, not what is usual. */
async function best(work: () => Promise<number> | number): Promise<number> {
  const seconds: number[] = [];
  for (let i = 0; i < REPEATS; i++) seconds.push(await work());
  return Math.min(...seconds);
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Rates of memory, files and lz4 on the host; `folder` is where products would go. */
export async function hostRates(folder: string, bytes = 1 << 27): Promise<HostRates> {
  const [from, to] = [noisy(bytes), new Uint8Array(bytes).fill(1)];
  const copy = (2 * bytes) / (await best(() => timed(() => to.set(from))));
  await mkdir(folder, { recursive: true });
  const path = join(folder, "rate.bin");
  try {
    const write = bytes / (await best(() => timed(() => writeOnce(path, from))));
    const read = bytes / (await best(() => timed(() => readOnce(path, to))));
    const piece = Buffer.from(from.buffer, 0, 1 << 22);
    const stored = compressSync(piece);
    const encode = piece.length / (await best(() => timed(() => compressSync(piece))));
    const decode = piece.length / (await best(() => timed(() => uncompressSync(stored))));
    const cores = availableParallelism();
    return { copy, read, write, decode, encode, cores, coresAtOnce: await coresAtOnce(cores) };
  } finally {
    await rm(path, { force: true });
  }
}

/** As the mantissas of real pixels: bytes that lz4 can do little with between some that repeat. */
function noisy(bytes: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(bytes >> 2);
  for (let i = 0, state = 1; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    words[i] = 0x3f800000 | (state >>> 9);
  }
  return new Uint8Array(words.buffer);
}

async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  await file.write(bytes);
  await file.close();
}

async function readOnce(path: string, into: Uint8Array): Promise<void> {
  const file = await open(path, "r");
  await file.read(into, 0, into.length, 0);
  await file.close();
}

/** Rates of a device: a plain copy, multiply-adds in registers, transfers. */
export async function deviceRates(gpu: Gpu, bytes = 1 << 26): Promise<DeviceRates> {
  const held: DeviceBuffer[] = [];
  const buffer = (label: string): DeviceBuffer => {
    held.push(gpu.upload(label, new Uint8Array(bytes)));
    return held[held.length - 1];
  };
  try {
    const [source, target_] = [buffer("source"), buffer("target")];
    const data = new Uint8Array(bytes).fill(1);
    const copy = (2 * bytes) / (await passSeconds(gpu, (rec) => rec.run(COPY, ...copyOf(source, target_))));
    const operations = await multiplyAdds(gpu, target_);
    const upload = await best(() =>
      timed(async () => {
        gpu.write(source, data);
        await gpu.idle();
      }),
    );
    const readBack = await best(() => timed(() => gpu.read(source, Uint8Array, 0, bytes)));
    const { kind } = gpu.info;
    return {
      device: deviceName(gpu),
      kind,
      copy,
      operations,
      upload: bytes / upload,
      readBack: bytes / readBack,
    };
  } finally {
    for (const one of held) one.free();
  }
}

/** A GPU by its name, a software driver by the driver's. */
export function deviceName({ info: { kind, name, driver } }: Gpu): string {
  return `${kind}: ${kind === "hardware" ? name || driver : driver || name}`;
}

/** Arguments of the copy kernel after the kernel itself. */
export function copyOf(
  source: DeviceBuffer,
  target_: DeviceBuffer,
): [
  {
    params: { count: number; columns: number };
    source: DeviceBuffer;
    target_: DeviceBuffer;
  },
  [number, number],
] {
  const quads = Math.floor(Math.min(source.size, target_.size) / 16);
  const wide = Math.min(65535, Math.ceil(quads / 256));
  return [
    { params: { count: quads, columns: wide * 256 }, source, target_ },
    [wide, Math.ceil(quads / (wide * 256))],
  ];
}

/** Operations a second; the number of rounds grows until a pass takes long enough to be timed. */
async function multiplyAdds(gpu: Gpu, target_: DeviceBuffer): Promise<number> {
  const groups = gpu.info.kind === "hardware" ? 8192 : 256;
  for (let rounds = 64; ; rounds *= 4) {
    const params = { rounds, factor: 0.5 };
    const seconds = await passSeconds(gpu, (rec) => rec.run(multiplyAdd, { params, target_ }, [groups]));
    if (seconds > 0.01 || rounds > 1e6) return (groups * GROUP * rounds * OPERATIONS_A_ROUND) / seconds;
  }
}

/** Seconds of one dispatch at best, warm: the device's own where it has timestamp queries, else the host's. */
async function passSeconds(gpu: Gpu, record: (rec: Recorder) => void): Promise<number> {
  const { all } = await passTimes(gpu, record, REPEATS);
  return Math.min(...all);
}

/** Seconds of a dispatch, each of some repetitions, and whether the device timed them; else each is the host's mean. */
export async function passTimes(
  gpu: Gpu,
  record: (rec: Recorder) => void,
  repeats: number,
): Promise<{ all: readonly number[]; timestamps: boolean }> {
  const submit = (): void => {
    const rec = gpu.recorder("bench");
    record(rec);
    rec.submit();
  };
  submit();
  await gpu.idle();
  const passes: number[] = [];
  await gpu.startProfile(({ category, start, end }) => {
    if (category === "pass") passes.push((end - start) / 1000);
  });
  const seconds = await timed(async () => {
    for (let i = 0; i < repeats; i++) submit();
    await gpu.idle();
  });
  await gpu.endProfile();
  const told = passes.filter((one) => one > 0);
  return told.length === repeats
    ? { all: told, timestamps: true }
    : { all: [seconds / repeats], timestamps: false };
}
