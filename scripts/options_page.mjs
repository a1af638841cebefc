import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, install, root } from "./build.mjs";

// writes docs/options.md from the options themselves
install();
build();
const { optionsPage } = await import(join(root, "dist/cli/options_page.js"));
writeFileSync(join(root, "docs/options.md"), optionsPage());
