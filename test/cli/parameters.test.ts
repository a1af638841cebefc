import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { type AsdfMap, openAsdf } from "../../src/host/asdf/index.js";
import { readParameters, writeParameters } from "../../src/pipelines/parameters.js";
import { cli, filesIn, fixture, scratch } from "../helpers/cli.js";

/** stpipe's own, of romancal 1.0.1: tools/oracle/parameters.py */
const STPIPE = fixture("parameters/roman_mos.asdf");

async function treeOf(path: string): Promise<AsdfMap> {
  const file = await openAsdf(path);
  await file.close();
  return file.tree;
}

/** What must be the same: all but dates, and the options that stpipe takes from references. */
function comparable(tree: AsdfMap): unknown {
  const { class: className, name, parameters, steps, meta } = JSON.parse(JSON.stringify(tree)) as AsdfMap;
  return { className, name, parameters, steps, meta: { ...(meta as AsdfMap), date: "" } };
}

describe("parameter files", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await scratch();
  });

  it("written are stpipe's, key for key", async () => {
    const path = join(folder, "ours.asdf");
    const steps = { skymatch: { skystat: "median" }, resample: { output_shape: "10,20" } };
    await writeParameters(path, "roman_mos", { own: {}, steps });
    expect(comparable(await treeOf(path))).toEqual(comparable(await treeOf(STPIPE)));
    const text = await readFile(path, "latin1");
    expect(text).toMatch(/lsigma: 4\.0/);
    expect(text).toMatch(/nclip: 5\n/);
  });

  it.each(["flux", "skymatch", "outlier_detection", "resample", "source_catalog"] as const)(
    "of %s alone are stpipe's, key for key, and read back from stpipe's",
    async (step) => {
      const theirs = fixture(`parameters/${step}.asdf`);
      const path = join(folder, `${step}.asdf`);
      await writeParameters(path, step, await readParameters(theirs, step));
      expect(comparable(await treeOf(path))).toEqual(comparable(await treeOf(theirs)));
    },
  );

  it("keep references that stpipe's steps have no option for beside the parameters", async () => {
    const path = join(folder, "epsf.asdf");
    const own = { override_epsf: "epsf.asdf", override_apcorr: "apcorr.asdf" };
    await writeParameters(path, "source_catalog", { own, steps: {} });
    const { parameters, romancal_webgpu } = await treeOf(path);
    expect(parameters).not.toHaveProperty("override_epsf");
    expect(romancal_webgpu).toEqual({ override_epsf: "epsf.asdf" });
    expect((await readParameters(path, "source_catalog")).own).toMatchObject(own);
  });

  it("of stpipe are read", async () => {
    const { own, steps } = await readParameters(STPIPE, "roman_mos");
    expect(own.on_disk).toBe(false);
    expect(steps.skymatch?.skystat).toBe("median");
    expect(steps.resample?.output_shape).toEqual([10, 20]);
  });

  it.each(["asdf", "yaml"])("go round as %s", async (extension) => {
    const path = join(folder, `round.${extension}`);
    const own = { skystat: "mean", lower: 0.5, nclip: 3 };
    await writeParameters(path, "skymatch", { own, steps: {} });
    const back = await readParameters(path, "skymatch");
    expect(back.own).toMatchObject(own);
    expect(back.own).toMatchObject({ upper: null, lsigma: 4, match_down: true });
    expect(back.steps).toEqual({});
  });

  it("on the command line: words count above the file, and options are saved without a run", async () => {
    const out = join(folder, "saved.yaml");
    const words = [`--parameters=${STPIPE}`, `--save-parameters=${out}`, "--steps.skymatch.nclip=7"];
    const outcome = await cli("roman_mos", ...words, "--steps.resample.output_shape=30,40");
    expect(outcome).toMatchObject({ code: 0, err: "" });
    const { steps } = parse(await readFile(out, "utf8")) as { steps: { parameters: AsdfMap }[] };
    expect(steps[1].parameters).toMatchObject({ skystat: "median", nclip: 7 });
    expect(steps[3].parameters.output_shape).toEqual([30, 40]);
  });

  it("of highlevel_pipeline have its three steps", async () => {
    const out = join(folder, "hlp.yaml");
    expect((await cli("highlevel_pipeline", `--save-parameters=${out}`)).code).toBe(0);
    const tree = parse(await readFile(out, "utf8")) as { name: string; steps: { name: string }[] };
    expect(tree.name).toBe("HighLevelPipeline");
    expect(tree.steps.map(({ name }) => name)).toEqual(["skymatch", "outlier_detection", "resample"]);
  });

  it("that are wrong are refused, naming file and option", async () => {
    const good = parse(
      stringify({ class: "x.SkyMatchStep", name: "skymatch", parameters: { skystat: "mode" } }),
    ) as AsdfMap;
    const parameters = good.parameters as AsdfMap;
    const cases: [unknown, RegExp][] = [
      [{ ...good, parameters: { skystat: "modal" } }, /p\.yaml: skystat=modal: expected one of median/],
      [
        { ...good, parameters: { ...parameters, skistat: 1 } },
        /p\.yaml: skistat: no such option \(did you mean/,
      ],
      [{ ...good, class: "x.FluxStep" }, /p\.yaml: holds parameters of FluxStep, not of skymatch/],
      [{ name: "skymatch" }, /p\.yaml: expected the keys class, name and parameters/],
      [[1, 2], /p\.yaml: expected a parameter file/],
      [{ ...good, steps: [{ name: "flux" }] }, /steps\[0\]\.name: flux is no step of skymatch/],
    ];
    const path = join(folder, "p.yaml");
    for (const [tree, message] of cases) {
      await writeFile(path, stringify(tree));
      const { code, err } = await cli("skymatch", "none.asdf", `--parameters=${path}`);
      expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(message) as string });
    }
    await writeFile(path, "a: [1");
    expect((await cli("skymatch", "none.asdf", `--parameters=${path}`)).err).toMatch(/p\.yaml: not YAML/);
    expect((await cli("skymatch", "none.asdf", "--parameters=gone.yaml")).err).toMatch(
      /gone\.yaml: no such file/,
    );
    expect((await cli("skymatch")).err).toMatch(/missing required argument 'input'/);
    expect(await filesIn(join(folder, "none"))).toEqual([]);
  });
});
