const still = new Int32Array(new SharedArrayBuffer(4));
const NAP_MS = 1;

/**
 * Await a promise of the device. Dawn polls a whole core while one is pending; on a software driver that core is the device's,
 * so there each turn of the event loop sleeps a millisecond (kernels run 1.1 to 2.1 times faster for it on two cores).
 */
export async function waitFor(promise: Promise<unknown>, throttle: boolean): Promise<void> {
  if (!throttle) {
    await promise;
    return;
  }
  waiting++;
  if (!ticking) setImmediate(tick);
  ticking = true;
  try {
    await promise;
  } finally {
    waiting--;
  }
}

/** Promises that are waited for: one nap a turn serves them all. */
let waiting = 0;
let ticking = false;

function tick(): void {
  ticking = waiting > 0;
  if (!ticking) return;
  Atomics.wait(still, 0, 0, NAP_MS);
  setImmediate(tick);
}
