import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { type Kernel, sourceOf } from "../../src/gpu/index.js";

const root = fileURLToPath(new URL("../../src/shaders/", import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

function isKernel(value: unknown): value is Kernel {
  return (
    typeof value === "object" &&
    value !== null &&
    "entryPoint" in value &&
    "bindings" in value &&
    "url" in value
  );
}

const kernels: [string, Kernel][] = [];
for (const file of files) {
  const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>;
  for (const value of Object.values(module)) if (isKernel(value)) kernels.push([value.label, value]);
}

describe("typed bindings fit the WGSL", () => {
  it("finds kernels", () => expect(kernels.length).toBeGreaterThan(0));

  it.each(kernels)("%s", (_label, kernel) => {
    const code = sourceOf(kernel.url);
    const reflect = new WgslReflect(code);
    const groups = reflect.getBindGroups();
    const names = Object.keys(kernel.bindings);
    expect(reflect.entry.compute.map((entry) => entry.name)).toContain(kernel.entryPoint);
    const overrides = reflect.overrides.map((entry) => entry.name);
    for (const constant of kernel.constants) expect(overrides).toContain(constant);
    names.forEach((name, index) => {
      const found = groups[0]?.[index];
      expect(found?.name, `binding ${index}`).toBe(name);
      const binding = kernel.bindings[name];
      if (binding.type === "storage") {
        expect(
          new RegExp(`var<storage,\\s*${binding.access}>\\s*${name}\\b`).test(code) ||
            (binding.access === "read" && new RegExp(`var<storage>\\s*${name}\\b`).test(code)),
          `${name} is ${binding.access}`,
        ).toBe(true);
        return;
      }
      if (binding.type === "texels") {
        const type = binding.access === "read" ? "texture_2d<f32>" : "texture_storage_2d<rgba32float, write>";
        expect(code, name).toContain(`var ${name}: ${type};`);
        return;
      }
      const members = Object.fromEntries(
        (found?.members ?? []).map((member) => [member.name, member.offset]),
      );
      expect(members).toEqual(binding.layout.offsets);
      expect(found?.size).toBeLessThanOrEqual(binding.layout.size);
    });
  });
});
