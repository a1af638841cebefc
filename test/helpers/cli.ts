import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { main } from "../../src/cli.js";

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

export const REFERENCES = [
  `--skymap=${fixture("references/skymap_bundled.asdf")}`,
  `--steps.source_catalog.override_apcorr=${fixture("references/apcorr.asdf")}`,
  `--steps.source_catalog.override_epsf=${fixture("references/epsf.asdf")}`,
];

export const DEVICE = `--device=${process.env.ROMANCAL_WEBGPU_DEVICE ?? "auto"}`;

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process. */
export async function cli(...words: string[]): Promise<Outcome> {
  let [out, err] = ["", ""];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true)),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true)),
  ];
  try {
    const code = await main(words);
    return { code, out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

export function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "romancal-webgpu-test-"));
}

/** The files of a folder, sorted; none where it does not exist. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}
