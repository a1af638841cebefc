import { defineConfig } from "vitest/config";

// forks: the driver set-up (process.dlopen, process.env) does not take in worker threads
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    include: ["test/**/*.test.ts"],
    exclude: process.env.ROMANCAL_WEBGPU_FULL_TESTS ? [] : ["test/**/*.full.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
