import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { SCENE, type SceneOptions, writeScene } from "./scene.js";

/** `npm run bench -- scene FOLDER`: writes the exposures of a scene, an association and a skymap. */
export async function sceneCommand(root: URL, words: readonly string[]): Promise<void> {
  const number = (flag: string, help: string, value: number): Option =>
    new Option(`--${flag} <n>`, help).argParser(Number).default(value);
  const program = new Command("scene")
    .description("make exposures, an association and a skymap")
    .argument("<folder>")
    .addOption(number("exposures", "how many", SCENE.exposures))
    .addOption(number("size", "pixels a side of an exposure", SCENE.size))
    .addOption(number("mosaic", "pixels a side of the sky cell", SCENE.mosaic))
    .addOption(number("sources", "sources in the sky cell", SCENE.sources))
    .addOption(number("seed", "of all random numbers", SCENE.seed))
    .addOption(
      new Option("--layout <word>", "of the exposures in the sky cell")
        .choices(["dither", "corner", "grid"])
        .default(SCENE.layout),
    )
    .addOption(
      new Option("--compression <word>", "of the exposures' arrays")
        .choices(["lz4", "none", "zlib", "zstd"])
        .default(SCENE.compression),
    )
    .addOption(number("threads", "exposures made at a time", Math.min(8, availableParallelism())));
  program.parse([...words], { from: "user" });
  const { threads, ...options } = program.opts<SceneOptions & { threads: number }>();
  const start = performance.now();
  const files = await writeScene(root, program.args[0], options, threads);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(
    `${files.association}\n${files.skymap}\n${files.exposures.length} exposures, ${seconds} s\n`,
  );
}
