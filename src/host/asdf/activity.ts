import { channel } from "node:diagnostics_channel";

/** What reading and writing files spends time on; milliseconds of `performance.now()`. */
export interface FileActivity {
  readonly stage: "read" | "decode" | "encode" | "checksum" | "write";
  readonly start: number;
  readonly end: number;
  /** Bytes taken: stored ones to read, decode and write, decoded ones to encode. */
  readonly bytes: number;
}

/** Name of the diagnostics channel on which each activity is told to whom listens. */
export const FILE_ACTIVITY = "romancal-webgpu:files";
const activities = channel(FILE_ACTIVITY);

/** Does `work`, and tells how long it took where somebody listens. */
export async function timed<T>(
  stage: FileActivity["stage"],
  bytes: number,
  work: () => Promise<T>,
): Promise<T> {
  if (!activities.hasSubscribers) return work();
  const start = performance.now();
  const result = await work();
  tell(stage, bytes, start);
  return result;
}

/** The same for work that is done at once. */
export function timedSync<T>(stage: FileActivity["stage"], bytes: number, work: () => T): T {
  if (!activities.hasSubscribers) return work();
  const start = performance.now();
  const result = work();
  tell(stage, bytes, start);
  return result;
}

/** Tells of what went on from `start` until now, where somebody listens. */
export function tell(stage: FileActivity["stage"], bytes: number, start: number): void {
  if (!activities.hasSubscribers) return;
  const activity: FileActivity = { stage, start, end: performance.now(), bytes };
  activities.publish(activity);
}
