import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { componentTree } from "../../../src/host/deblend/component_tree.js";
import { deblendSource } from "../../../src/host/deblend/deblend_source.js";
import { deblendLevels, quantize } from "../../../src/host/deblend/levels.js";
import { makeMarkers } from "../../../src/host/deblend/markers.js";

const side = 12;
const levelImages = fc.uint8Array({ minLength: side * side, maxLength: side * side, max: 5 });

describe("levels", () => {
  it("lie between the extremes, evenly, by a factor, or by sinh", () => {
    // numpy: photutils.segmentation.deblend._compute_thresholds(float32([1.5]), float32([700]), 3, mode)
    const expected = {
      linear: [176.125, 350.75, 525.375],
      exponential: [6.971768379211426, 32.40370178222656, 150.60740661621094],
      sinh: [31.579901548324727, 94.33142771196414, 257.91285166884256],
    };
    for (const spacing of ["linear", "exponential", "sinh"] as const)
      deblendLevels(1.5, 700, 3, spacing).forEach((level, i) =>
        // one unit of f32's last place, where numpy's powf or sinhf rounds otherwise
        expect(Math.abs(level / expected[spacing][i] - 1)).toBeLessThan(1.2e-7),
      );
  });

  it("count strictly: a value at a level is not above it, NaN is above none", () => {
    const levels = Float64Array.of(1, 2, 4);
    expect([...quantize(Float32Array.of(0.5, 1, 1.5, 2, 2.5, 4, 5, NaN), levels)]).toEqual([
      0, 0, 1, 1, 2, 2, 3, 0,
    ]);
  });
});

describe("component tree", () => {
  it("has each level's components, each within one of the level below", () => {
    fc.assert(
      fc.property(levelImages, fc.integer({ min: 1, max: 6 }), (quantized, npixels) => {
        const snapshots = componentTree(quantized, side, npixels);
        for (const [k, nodes] of snapshots.entries()) {
          const areas = components(quantized, nodes[0]?.level ?? 1);
          expect(nodes.map(({ large }) => large).sort()).toEqual(areas.map((area) => area >= npixels).sort());
          const below = k ? nodes.flatMap(({ children }) => children) : [];
          if (k) expect(new Set(below)).toEqual(new Set(snapshots[k - 1]));
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Areas of the 8-connected components at or above a level, by flooding. */
function components(quantized: Uint8Array, level: number): number[] {
  const seen = new Set<number>();
  return [...quantized.keys()].flatMap((start) => {
    if (quantized[start] < level || seen.has(start)) return [];
    const open = [start];
    seen.add(start);
    let area = 0;
    for (let p = open.pop(); p !== undefined; p = open.pop()) {
      area++;
      for (const q of quantized.keys()) {
        const near =
          Math.abs((q % side) - (p % side)) <= 1 &&
          Math.abs(Math.floor(q / side) - Math.floor(p / side)) <= 1;
        if (!near || quantized[q] < level || seen.has(q)) continue;
        open.push(q);
        seen.add(q);
      }
    }
    return [area];
  });
}

describe("markers and parts", () => {
  it("number markers in raster order, each of npixels or more", () => {
    fc.assert(
      fc.property(levelImages, fc.integer({ min: 1, max: 4 }), (quantized, npixels) => {
        const markers = makeMarkers(quantized, side, npixels);
        if (!markers) return;
        expect(markers.count).toBeGreaterThan(1);
        const firsts = Array.from({ length: markers.count }, (_, i) => markers.labels.indexOf(i + 1));
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
        for (let label = 1; label <= markers.count; label++)
          expect(markers.labels.filter((value) => value === label).length).toBeGreaterThanOrEqual(npixels);
      }),
      { numRuns: 100 },
    );
  });

  it("cover the source and nothing else, each part bright enough", () => {
    const value = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 400 }) }, fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(value, { minLength: side * side, maxLength: side * side }), (list) => {
        const values = Float32Array.from(list);
        const parts = deblendSource(values, side, 2, 0.05);
        if (!parts) return;
        const total = list.reduce((sum, one) => sum + (one || 0), 0);
        const flux = new Float64Array(parts.count + 1);
        parts.labels.forEach((label, p) => {
          if (label) flux[label] += values[p];
          else expect(values[p] > 0 && reaches(parts.labels, p)).toBe(false);
        });
        for (const one of flux.subarray(1)) expect(one / total).toBeGreaterThanOrEqual(0.05);
      }),
      { numRuns: 60 },
    );
  });

  it("leaves alone what is constant, empty or too small", () => {
    expect(deblendSource(new Float32Array(100).fill(3), 10, 2)).toBeUndefined();
    expect(deblendSource(new Float32Array(100).fill(NaN), 10, 2)).toBeUndefined();
    expect(deblendSource(Float32Array.of(5, 1, 5), 3, 2)).toBeUndefined();
    expect(deblendSource(Float32Array.of(5, 5, 1, 5, 5), 5, 2)?.count).toBe(2);
  });
});

/** Whether a labelled pixel touches this one. */
function reaches(labels: Int32Array, p: number): boolean {
  return [...labels.keys()].some(
    (q) =>
      labels[q] > 0 &&
      Math.abs((q % side) - (p % side)) <= 1 &&
      Math.abs(Math.floor(q / side) - Math.floor(p / side)) <= 1,
  );
}
