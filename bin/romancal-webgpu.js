#!/usr/bin/env node
import { existsSync } from "node:fs";

const cli = new URL("../dist/cli.js", import.meta.url);
if (!existsSync(cli)) {
  // a checkout that has not been built
  const { build, install } = await import("../scripts/build.mjs");
  install();
  build();
}
const { main } = await import(cli);
process.exitCode = await main(process.argv.slice(2));
