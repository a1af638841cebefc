// Our matches of sky cells against those that `associations.py OUT --all` wrote.
//
//     node check_matches.mjs OUT SKYMAP_SUBSET.asdf        (after npm run build)
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SkycellMatcher, footprintOf } from "../../dist/host/associations/index.js";
import { Skymap } from "../../dist/host/models/index.js";
import { makeFitsImagingWcs, rotationMatrixOfRoll } from "../../dist/host/wcs/index.js";

const [out, subset] = process.argv.slice(2);
const SIZE = 4088;
const side = [-0.5, SIZE - 0.5];

for (const [name, path] of [
  ["subset", subset],
  ["sky", join(out, "skymap_sky.asdf")],
]) {
  const goldens = JSON.parse(readFileSync(join(out, `matches_${name}.json`), "utf8"));
  const skymap = await Skymap.open(path);
  const matcher = new SkycellMatcher(skymap);
  let [same, cells] = [0, 0];
  const start = process.hrtime.bigint();
  for (const { pointing, skycells } of goldens) {
    const [ra, dec, angle] = pointing;
    const wcs = makeFitsImagingWcs({
      crpix: [SIZE / 2 - 0.5, SIZE / 2 - 0.5],
      crval: [ra, dec],
      cdelt: [0.11 / 3600, 0.11 / 3600],
      pc: rotationMatrixOfRoll((angle * Math.PI) / 180, 0, 1),
      boundingBox: [side, side],
      arrayShape: [SIZE, SIZE],
    });
    const rows = await matcher.find(footprintOf(wcs, "pointing"));
    const names = await Promise.all(rows.map(async (row) => (await skymap.cellAt(row)).name));
    if (JSON.stringify(names) === JSON.stringify(skycells)) same++;
    else console.log(name, pointing, "ours", names.join(" "), "romancal", skycells.join(" "));
    cells += skycells.length;
  }
  const seconds = (Number(process.hrtime.bigint() - start) / 1e9).toFixed(2);
  console.log(`${name}: ${same} of ${goldens.length} pointings the same (${cells} sky cells), ${seconds} s`);
  await skymap.close();
}
