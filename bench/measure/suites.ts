import { type SceneOptions, SCENE } from "../scene/scene.js";

/** What is done with the exposures: a whole run, drizzle alone, a whole run with nothing compiled before and one with all of it. */
export type Deed = "run" | "drizzle" | "compile";

/** One thing to measure. */
export interface Measurement {
  /** Under which name its figures are kept. */
  readonly suite: string;
  readonly scene: SceneOptions;
  readonly deed: Deed;
  /** Whether romancal, SWarp and SExtractor are given the same files: not where it takes an hour. */
  readonly others: boolean;
}

export const SUITES = [
  "whole",
  "drizzle",
  "tenth",
  "compile",
  "sources",
  "exposures",
  "many",
  "mosaics",
  "sparse",
  "covered",
] as const;
export type Suite = (typeof SUITES)[number];

const QUICK: SceneOptions = { ...SCENE, exposures: 2, size: 600, mosaic: 700, sources: 120 };

/** What `--quick` measures: small scenes of the same kinds. */
export function quickMeasurements(): Measurement[] {
  const one = { suite: "exposures", scene: { ...QUICK, exposures: 1 }, deed: "run", others: false } as const;
  return [
    one,
    { suite: "whole", scene: QUICK, deed: "run", others: true },
    { suite: "drizzle", scene: QUICK, deed: "drizzle", others: true },
  ];
}

/** What is measured in full, the most wanted first. */
export function measurements(suites: readonly Suite[]): Measurement[] {
  const run = (suite: string, scene: Partial<SceneOptions>): Measurement => ({
    ...{ suite, deed: "run", others: false },
    scene: { ...SCENE, ...scene },
  });
  const corner = { ...SCENE, layout: "corner" as const };
  const all: Readonly<Record<Suite, readonly Measurement[]>> = {
    whole: [{ ...run("whole", {}), others: true }],
    drizzle: [{ suite: "drizzle", scene: SCENE, deed: "drizzle", others: true }],
    tenth: [
      run("tenth", corner),
      run("tenth", { ...corner, exposures: 1 }),
      { suite: "tenth", scene: corner, deed: "drizzle", others: false },
    ],
    compile: [{ ...run("compile", QUICK), deed: "compile" }],
    sources: [100, 1000, 10_000, 100_000].map((sources) => run("sources", { sources })),
    exposures: [1, 2, 8, 16].map((exposures) => run("exposures", { exposures })),
    many: [run("exposures", { exposures: 32 })],
    mosaics: [2500, 10_000].map((mosaic) => run("mosaics", { mosaic })),
    sparse: [run("mosaics", { mosaic: 20_000 })],
    covered: [run("covered", { mosaic: 20_000, exposures: 9, layout: "grid" })],
  };
  return SUITES.filter((suite) => suites.includes(suite)).flatMap((suite) => all[suite]);
}
