import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Imports point one way: pipelines -> shaders -> gpu, pipelines -> host; host and gpu do not know each other. */
const forbid = (files, patterns) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: patterns.map(([group, message]) => ({ group, message })) },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist/", "out/", "fixtures/", "coverage/", "bench/results/", ".gpu/", ".cache/"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: ["error", "always"],
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  forbid(
    ["src/host/asdf/**"],
    [
      [
        ["**/wcs/**", "**/models/**", "**/gpu/**", "**/shaders/**", "**/pipelines/**"],
        "host/asdf knows nothing of Roman",
      ],
    ],
  ),
  forbid(
    ["src/host/**"],
    [[["**/gpu/**", "**/shaders/**", "**/pipelines/**"], "host does not know the device"]],
  ),
  forbid(
    ["src/gpu/**"],
    [[["**/host/**", "**/shaders/**", "**/pipelines/**"], "gpu does not know files or pipelines"]],
  ),
  forbid(["src/shaders/**"], [[["**/host/**", "**/pipelines/**"], "shaders know the gpu layer alone"]]),
);
