import { parentPort, workerData } from "node:worker_threads";

const { start, milliseconds } = workerData as { start: number; milliseconds: number };
const ROUNDS = 100_000;

/** Chains that do not wait for each other, so that a core's units are busy and not its latencies. */
function multiplyAdds(): number {
  let [a, b, c, d, e, f, g, h] = [1, 2, 3, 4, 5, 6, 7, 8];
  for (let i = 0; i < ROUNDS; i++) {
    a = a * 0.999 + 0.001;
    b = b * 0.999 + 0.002;
    c = c * 0.999 + 0.003;
    d = d * 0.999 + 0.004;
    e = e * 0.999 + 0.005;
    f = f * 0.999 + 0.006;
    g = g * 0.999 + 0.007;
    h = h * 0.999 + 0.008;
  }
  return a + b + c + d + e + f + g + h;
}

let sum = 0;
while (Date.now() < start) sum += multiplyAdds(); // compiled and awake when it counts
let done = 0;
while (Date.now() < start + milliseconds) {
  sum += multiplyAdds();
  done++;
}
parentPort?.postMessage(Number.isFinite(sum) ? done : 0);
