import { readFileSync } from "node:fs";

/** What `meta.calibration_software_name` says. */
export const SOFTWARE_NAME = "romancal-webgpu";

/** This package's version, from its package.json. */
export const SOFTWARE_VERSION: string = (
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;
