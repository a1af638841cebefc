import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { openGpu } from "../../src/gpu/index.js";
import { testDevice } from "../helpers/gpu.js";

it("devices can be opened and closed again and again, garbage being collected meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 20; i++) {
    const gpu = await openGpu(testDevice());
    const buffer = gpu.upload("x", Float32Array.of(i, 2));
    if (i % 3) expect([...(await gpu.read(buffer, Float32Array, 0, 2))]).toEqual([i, 2]);
    gpu.close();
    if (i % 2) collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (i % 5 === 0) collect();
  }
});
