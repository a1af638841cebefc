import { workerData } from "node:worker_threads";
import { type SceneOptions, writeExposures } from "./scene.js";

const { root, folder, options, first, step } = workerData as {
  root: string;
  folder: string;
  options: SceneOptions;
  first: number;
  step: number;
};
await writeExposures(new URL(root), folder, options, first, step);
