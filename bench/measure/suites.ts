import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SceneFiles, type SceneOptions, SCENE, associationText } from "../scene/scene.js";

/** A scene to make and the runs on it. */
export interface SuiteScene {
  readonly scene: SceneOptions;
  /** Runs on the first so many exposures; each names the suites whose figures it is. */
  readonly runs: readonly { readonly suite: string; readonly exposures: number }[];
  /** Whether romancal is given the same files: not where it takes an hour. */
  readonly romancal: boolean;
}

export const SUITES = ["case", "exposures", "sources", "mosaics", "tenth"] as const;
export type Suite = (typeof SUITES)[number];

const QUICK: SceneOptions = { ...SCENE, exposures: 2, size: 600, mosaic: 700, sources: 120 };

/** What `--quick` measures: small scenes of the same kinds. */
export function quickScenes(): SuiteScene[] {
  return [
    {
      scene: QUICK,
      romancal: true,
      runs: [
        { suite: "exposures", exposures: 1 },
        { suite: "case", exposures: 2 },
      ],
    },
  ];
}

/** What is measured in full, the most wanted first. */
export function fullScenes(suites: readonly Suite[]): SuiteScene[] {
  const all: Readonly<Record<Suite, readonly SuiteScene[]>> = {
    case: [{ scene: SCENE, romancal: true, runs: [{ suite: "case", exposures: 4 }] }],
    exposures: [
      {
        scene: { ...SCENE, exposures: 32 },
        romancal: false,
        runs: [32, 16, 8, 4, 2, 1].map((exposures) => ({ suite: "exposures", exposures })),
      },
    ],
    sources: [100, 1000, 10_000, 100_000].map((sources) => ({
      scene: { ...SCENE, sources },
      romancal: false,
      runs: [{ suite: "sources", exposures: 4 }],
    })),
    mosaics: [
      ...[2500, 10_000, 20_000].map((mosaic) => ({
        scene: { ...SCENE, mosaic },
        romancal: false,
        runs: [{ suite: "mosaics, four exposures", exposures: 4 }],
      })),
      {
        scene: { ...SCENE, mosaic: 20_000, exposures: 9, layout: "grid" as const },
        romancal: false,
        runs: [{ suite: "mosaics, covered", exposures: 9 }],
      },
    ],
    tenth: [
      {
        scene: { ...SCENE, layout: "corner" },
        romancal: false,
        runs: [{ suite: "tenth", exposures: 4 }],
      },
    ],
  };
  return SUITES.filter((suite) => suites.includes(suite)).flatMap((suite) => all[suite]);
}

/** The files of a scene with its first `exposures` alone. */
export async function subset(
  files: SceneFiles,
  options: SceneOptions,
  exposures: number,
  folder: string,
): Promise<SceneFiles> {
  if (exposures === options.exposures) return files;
  const association = join(folder, `asn_${exposures}.json`);
  await writeFile(association, associationText({ ...options, exposures }));
  return { ...files, association, exposures: files.exposures.slice(0, exposures) };
}
