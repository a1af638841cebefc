import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SceneFiles, type SceneOptions, associationText, filesOf, writeScene } from "./scene.js";

const MARK = "scene.json";

/**
 * The files of a scene in a folder of `place`, made where they are not there already. Scenes that differ in the number of exposures
 * alone share their files: the first ones are the same.
 * @param most exposures to make at once where some must be made
 */
export async function keptScene(
  root: URL,
  place: string,
  scene: SceneOptions,
  most: number,
  threads: number,
): Promise<SceneFiles> {
  const folder = join(place, keyOf(scene));
  const mark = join(folder, MARK);
  const made = existsSync(mark) ? (JSON.parse(await readFile(mark, "utf8")) as SceneOptions) : undefined;
  let all = made;
  if (!all || all.exposures < scene.exposures) {
    await rm(folder, { recursive: true, force: true });
    all = { ...scene, exposures: Math.max(most, scene.exposures) };
    await writeScene(root, folder, all, threads);
    await writeFile(mark, JSON.stringify(all));
  }
  const files = filesOf(folder, scene);
  const association = join(folder, `asn_${scene.exposures}.json`);
  await writeFile(association, associationText(scene));
  return { ...files, association };
}

/** Scenes with one key have their first exposures in common; on a grid the places depend on the number. */
export function keyOf({ exposures, ...rest }: SceneOptions): string {
  const told = rest.layout === "grid" ? { ...rest, exposures } : rest;
  const digest = createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 8);
  return `${rest.layout}-${rest.size}-${rest.mosaic}-${rest.sources}-${digest}`;
}
