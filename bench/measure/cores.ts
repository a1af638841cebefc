import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

const WARM_UP = 300; // milliseconds
const LONG = 1000;

/**
 * What all cores compute at once, in what one computes alone: their number where each is a core of its own, less where they are
 * threads of one core or lent in part. Programs that use one thread have the whole core.
 */
export async function coresAtOnce(cores = availableParallelism()): Promise<number> {
  const [alone] = await roundsOf(1);
  const together = await roundsOf(cores);
  return together.reduce((sum, rounds) => sum + rounds, 0) / alone;
}

async function roundsOf(workers: number): Promise<number[]> {
  const workerData = { start: Date.now() + WARM_UP, milliseconds: LONG };
  const script = new URL("./cores_worker.js", import.meta.url);
  const started = Array.from({ length: workers }, () => new Worker(script, { workerData }));
  return Promise.all(
    started.map(async (worker) => {
      const [rounds] = (await once(worker, "message")) as [number];
      return rounds;
    }),
  );
}
