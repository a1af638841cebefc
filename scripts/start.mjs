import { join } from "node:path";
import { build, install, root, run } from "./build.mjs";

// The bundled case: four small exposures of one field, computed on the best device there is.
install();
build();
const references = join(root, "fixtures/references");
const out = join(root, "out");
run(process.execPath, [
  join(root, "bin/romancal-webgpu.js"),
  "roman_mos",
  join(root, "fixtures/bundled/L3_asn.json"),
  `--skymap=${join(references, "skymap_bundled.asdf")}`,
  `--steps.source_catalog.override_apcorr=${join(references, "apcorr.asdf")}`,
  `--steps.source_catalog.override_epsf=${join(references, "epsf.asdf")}`,
  `--output_dir=${out}`,
  `--preview=${join(out, "mosaic.png")}`,
  ...process.argv.slice(2),
]);
