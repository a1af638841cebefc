import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

/** What a worker does (codec.mjs). */
export interface Tasks {
  /**
   * Sets the lane to a block of lz4 frames, bytes `start` to `start + used` of the file `fd`, of which those are decoded that hold the
   * decoded bytes `from` to `to`.
   */
  open: {
    task: { fd: number; start: number; used: number; from: number; to: number; checksum: boolean };
    result: object;
  };
  /**
   * Reads and decodes that block's next frame, of at most `most` bytes, into `out` where it fits; `first` is its place among the decoded
   * bytes. `size` is 0 after the last, then with the md5 of all the block's frames where a checksum was wanted. `took`: milliseconds.
   */
  next: {
    task: { out?: ArrayBuffer; most: number };
    result: { out?: ArrayBuffer; first: number; size: number; took: number; digest?: Uint8Array };
  };
  /**
   * Puts the lz4 frame of `bytes`, its length before it, into `out`, of which it takes `length` bytes; both lie in shared memory.
   * With a `key` it counts in the md5 of that block.
   */
  encode: { task: { bytes: Uint8Array; out: Uint8Array; key?: number }; result: { length: number } };
  /** The md5 of the frames that this lane encoded with a key, which is free again then. */
  finish: { task: { key: number }; result: { digest?: Uint8Array } };
}

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

/** A worker thread. What it is called for is done in order. */
export class Lane {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  /** Set when the thread is gone. */
  failure: Error | undefined;

  constructor() {
    // Without the parent's loaders: the worker is plain JavaScript.
    this.#worker = new Worker(new URL("./codec.mjs", import.meta.url), { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", ({ id, result, failed }) => {
      const { resolve, reject } = this.#waiting.get(id)!;
      this.#settle(id);
      if (failed === undefined) resolve(result as never);
      else reject(new Error(failed));
    });
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("a worker thread ended")));
  }

  /** What is in `transfer` is gone here. Rejects where the worker fails, whatever the reason. */
  call<K extends keyof Tasks>(
    kind: K,
    task: Tasks[K]["task"],
    transfer: ArrayBuffer[] = [],
  ): Promise<Tasks[K]["result"]> {
    if (this.failure) return Promise.reject(this.failure);
    const id = this.#calls++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, kind, task }, transfer);
    });
  }

  #settle(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * Worker threads for what would hold up the main one: decoding, encoding and checksums of files. Threads start when first
 * wanted, stay, and do not keep the process alive. Whoever uses a pool does the work itself where the pool fails: workers
 * are an acceleration, and errors are told by the one who knows the file.
 */
export class WorkerPool {
  readonly #all: Lane[] = [];
  readonly #idle: Lane[] = [];
  readonly #queue: ((lane: Lane) => void)[] = [];
  #turn = 0;

  constructor(readonly size: number) {}

  /** Runs `work` with a worker of its own, when one is free. */
  async with<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#take();
    try {
      return await work(lane);
    } finally {
      this.#giveBack(lane);
    }
  }

  /** {@link with} for work that hands out values as it goes. */
  async *using<T>(work: (lane: Lane) => AsyncIterable<T>): AsyncGenerator<T> {
    const lane = await this.#take();
    try {
      yield* work(lane);
    } finally {
      this.#giveBack(lane);
    }
  }

  /** A worker that others call too, each in turn: for `encode`, which leaves alone what they do. Throws where there are no threads. */
  share(): Lane {
    if (this.#all.length < this.size) this.#idle.push(this.#start());
    return this.#all[this.#turn++ % this.#all.length];
  }

  /** Rejects where there are no worker threads. */
  async #take(): Promise<Lane> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#all.length < this.size) return this.#start();
    return new Promise((resolve) => this.#queue.push(resolve));
  }

  #start(): Lane {
    const lane = new Lane();
    this.#all.push(lane);
    return lane;
  }

  #giveBack(lane: Lane): void {
    const next = this.#queue.shift();
    if (!lane.failure) {
      if (next) next(lane);
      else this.#idle.push(lane);
      return;
    }
    this.#all.splice(this.#all.indexOf(lane), 1);
    next?.(this.#start());
  }
}

const MOST_WORKERS = 8;
/** Shared by everything in the process. */
export const workers = new WorkerPool(Math.min(MOST_WORKERS, availableParallelism()));
