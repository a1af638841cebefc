import { existsSync, readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";

const DRIVERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
const hasLavapipe = DRIVERS.some(
  (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("lvp_icd")),
);

const full = Boolean(process.env.ROMANCAL_WEBGPU_FULL_TESTS);
const exclude = full ? [] : ["test/**/*.full.test.ts"];

/** What is computed on a device is tested on the bundled driver too, where another one runs the tests. */
const onSwiftShader = {
  extends: true as const,
  test: {
    name: "swiftshader",
    env: { ROMANCAL_WEBGPU_DEVICE: "swiftshader" },
    include: [
      "test/gpu/{gpu,lifetime,prepare}.test.ts",
      "test/kernels/**/*.test.ts",
      "test/invariants/**/*.test.ts",
      "test/parity/cases.test.ts",
    ],
    exclude,
  },
};

// forks: the driver set-up (process.dlopen, process.env) does not take in worker threads
export default defineConfig({
  test: {
    pool: "forks",
    isolate: false, // a worker's files share its device, pipelines and modules
    setupFiles: ["test/helpers/setup.ts"],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "default", include: ["test/**/*.test.ts"], exclude } },
      ...(hasLavapipe && !process.env.ROMANCAL_WEBGPU_DEVICE ? [onSwiftShader] : []),
    ],
  },
});
