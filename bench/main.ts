import { sceneCommand } from "./scene/command.js";

/** The benches' command line; `words` are what follows `npm run bench --`. */
export async function main(root: URL, words: readonly string[]): Promise<void> {
  if (words[0] === "scene") await sceneCommand(root, words.slice(1));
}
