import { expect, it } from "vitest";
import { flagDirect, unpack } from "../../../src/shaders/outlier_detection/direct.js";
import { OrderStatistics } from "../../../src/pipelines/order_statistics.js";
import { testGpu } from "../../helpers/gpu.js";
import { seeded } from "../../helpers/random.js";

const COUNT = 1237; // no multiple of a workgroup
const FIRST = 301;
const random = seeded(5);
const some = (special: readonly number[], usual: () => number): Float32Array =>
  Float32Array.from({ length: FIRST + COUNT }, () =>
    random() < 0.1 ? special[Math.floor(random() * special.length)] : usual(),
  );
const data = some([NaN, Infinity, 0], () => 4 * random());
const err = some([NaN, Infinity, 0], () => random());

it("flags what is beyond snr errors of the median, and nothing where something is NaN", async () => {
  const gpu = await testGpu();
  const median = some([NaN, -Infinity], () => 4 * random()).slice(0, COUNT);
  const dq = Uint32Array.from(data, (_, i) => (i % 3 === 0 ? 4 : 0));
  const buffers = [data, err, median, dq, new Uint32Array(2)].map((array) => gpu.upload("plane", array));
  const [d, e, m, q, counts] = buffers;
  const params = { first: FIRST, count: COUNT, half: 0, snr: 2.5, counter: 1, flags: 129 };
  const rec = gpu.recorder("flag");
  rec
    .run(flagDirect, { params, data: d, err: e, median: m, dq: q, counts }, [3], { ALIGNED: false })
    .submit();
  const got = await gpu.read(q, Uint32Array, 0, dq.length);
  const finite = (x: number): number => (Number.isNaN(x) ? 0 : Math.min(x, 3.4028234663852886e38));
  let flagged = 0;
  const want = dq.map((flags, i) => {
    const k = i - FIRST;
    if (k < 0) return flags;
    const out = Math.abs(Math.fround(data[i] - median[k])) > Math.fround(2.5 * finite(err[i]));
    if (out) flagged++;
    return out ? flags | 129 : flags;
  });
  expect(got).toEqual(want);
  expect(flagged).toBeGreaterThan(100);
  expect([...(await gpu.read(counts, Uint32Array, 0, 2))]).toEqual([0, flagged]);
  for (const buffer of buffers) buffer.free();
});

it("takes a run of pixels and weights apart", async () => {
  const gpu = await testGpu();
  const pairs = Float32Array.from({ length: 2 * data.length }, (_, k) => k);
  const buffers = [data, pairs, data, data].map((array) => gpu.upload("plane", array));
  const [d, packed, out_data, out_weight] = buffers;
  const bindings = { params: { first: FIRST, count: COUNT }, data: d, packed, out_data, out_weight };
  gpu.recorder("unpack").run(unpack, bindings, [2]).submit();
  expect(await gpu.read(out_data, Float32Array, 0, COUNT)).toEqual(data.slice(FIRST));
  const weights = await gpu.read(out_weight, Float32Array, 0, COUNT);
  expect(weights).toEqual(Float32Array.from(weights, (_, k) => 2 * (FIRST + k)));
  for (const buffer of buffers) buffer.free();
});

it("the median of usable pixels leaves out DO_NOT_USE and NaN", async () => {
  const gpu = await testGpu();
  const dq = Uint32Array.from(data, () => [0, 1, 2, 2 ** 31, 2 ** 31 + 1][Math.floor(5 * random())]);
  const usable = [...data].filter((x, i) => Number.isFinite(x) && (dq[i] & 1) === 0).sort((a, b) => a - b);
  const [values, guards] = [gpu.upload("data", data), gpu.upload("dq", dq)];
  const order = new OrderStatistics(gpu, [{ values, guards, count: data.length }], { mode: "usable" });
  expect(await order.count()).toBe(usable.length);
  const middle = [usable.length - 1, usable.length].map((n) => usable[Math.floor(n / 2)]);
  expect(await order.median(0, usable.length)).toBe(Math.fround(Math.fround(middle[0] + middle[1]) / 2));
  values.free();
  guards.free();
});
