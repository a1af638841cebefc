import { describe, expect, it } from "vitest";
import { gaussianTaps } from "../../../src/host/numerics/gaussian_kernel.js";
import { fillMesh, medianFilterMesh } from "../../../src/host/numerics/mesh.js";
import { splineCoefficients } from "../../../src/host/numerics/zoom_spline.js";
import { meshValue } from "../../reference/background.js";

describe("zoom spline", () => {
  const values = [1, 2.5, -1, 4, 0.5, 3, 2, 2, 7, -3, 1, 0.25]; // 4 x 3

  it("has the coefficients of scipy.ndimage.spline_filter(mode='reflect')", () => {
    const expected = [
      [-0.9836309523809526, 5.77529761904762, -3.1532738095238098],
      [7.118154761904763, -3.8764880952380962, 3.566369047619049],
      [3.1110119047619045, 0.7306547619047637, 12.28779761904762],
      [-5.562202380952382, 2.953869047619048, -2.717559523809524],
    ].flat();
    splineCoefficients(values, 3, 4).forEach((c, i) => expect(c).toBeCloseTo(expected[i], 12));
  });

  it("evaluates as scipy.ndimage.zoom((5, 4), mode='reflect', grid_mode=True)", () => {
    const c = splineCoefficients(values, 3, 4);
    const at = (y: number, x: number): number => meshValue(c, [3, 4], [4, 5], x, y);
    expect(at(0, 0)).toBeCloseTo(-0.3121149553571426, 12);
    expect(at(3, 7)).toBeCloseTo(1.2310722656250015, 12);
    expect(at(19, 11)).toBeCloseTo(-1.7764732142857151, 12);
    expect(at(10, 5)).toBeCloseTo(1.2513118861607155, 12);
  });

  it("leaves axes of one value alone", () => {
    expect([...splineCoefficients([1, 2], 2, 1)].map((c) => c.toFixed(12))).toEqual([
      "0.750000000000",
      "2.250000000000",
    ]);
    expect(splineCoefficients([7], 1, 1)).toEqual(Float64Array.of(7));
  });
});

// 9 x 11, NaN where a box was excluded; expected: photutils' ShepardIDWInterpolator(n_neighbors=10), in raster order
const N = NaN;
const MESH = Float32Array.from(
  [
    [2.041, -2.556, N, -0.568, N, -0.216, -2.02, -0.232, -0.865, 3.323, 0.226],
    [-0.353, -0.281, N, -1.055, -0.391, 0.482, -0.239, 0.958, -0.2, 0.024, 1.546],
    [0.545, N, -0.183, 0.541, N, -0.27, -0.244, 1.002, -0.886, N, 0.883],
    [0.58, 0.092, N, N, 1.021, -0.96, -1.669, 0.276, N, -0.445, N],
    [N, N, 1.406, N, 0.194, 1.112, N, -0.926, 0.584, 0.583, -0.215],
    [N, 0.229, -2.494, N, 0.491, N, 0.061, -0.964, 0.757, N, N],
    [0.71, 1.156, N, -0.498, 0.328, N, 1.591, -1.191, 0.355, -1.048, 1.406],
    [-0.022, -0.372, N, 1.682, 0.753, 0.754, 1.138, N, -0.639, -0.8, -0.8],
    [1.37, -1.46, -0.596, -0.321, 0.225, 0.575, -1.249, -1.73, -0.004, 1.214, 0.757],
  ].flat(),
);
const FILLED = [
  -0.4972319006919861, -0.40277865529060364, -0.48926812410354614, -0.07074020057916641, -0.0392969474196434,
  0.41878238320350647, 0.17184627056121826, 0.2954244911670685, -0.07361147552728653, 0.23671381175518036,
  0.24688123166561127, 0.18987193703651428, 0.2658511698246002, -0.304450124502182, 0.2972833216190338,
  0.10999662429094315, 0.33251652121543884, 0.0946502536535263, 0.11346772313117981, 0.024747857823967934,
  0.5244593024253845, -0.13121245801448822, -0.24972768127918243,
];

describe("meshes", () => {
  it("are filled from the ten boxes that scipy's cKDTree finds, many at equal distances", () => {
    const filled = fillMesh(MESH, 11);
    const got = filled.filter((_, i) => Number.isNaN(MESH[i]));
    got.forEach((value, i) => expect(value).toBeCloseTo(FILLED[i], 6)); // sums of ten in another order: an ulp of f32
    MESH.forEach((value, i) => {
      if (!Number.isNaN(value)) expect(filled[i]).toBe(value);
    });
  });

  it("take the one value they have", () => {
    expect([...fillMesh(Float32Array.of(N, 3.5, N, N), 2)]).toEqual([3.5, 3.5, 3.5, 3.5]);
  });

  it("are median filtered over what lies inside", () => {
    expect([...medianFilterMesh(Float32Array.of(1, 5, 2, 8, 9, 4), 3)]).toEqual([
      6.5, 4.5, 4.5, 6.5, 4.5, 4.5,
    ]);
    expect([...medianFilterMesh(Float32Array.of(4), 1)]).toEqual([4]);
  });
});

describe("smoothing kernel", () => {
  it("is the factor of photutils' make_2dgaussian_kernel", () => {
    const two = [0.0015949825225184992, 0.036990508504404905, 0.2393216038590815, 0.4441858102279903];
    const taps = gaussianTaps(2);
    expect(taps.length).toBe(7);
    two.forEach((tap, i) => {
      expect(taps[i]).toBeCloseTo(tap, 14);
      expect(taps[6 - i]).toBeCloseTo(tap, 14);
    });
    expect(gaussianTaps(3.3).length).toBe(11);
    expect(gaussianTaps(3.3)[5]).toBeCloseTo(0.2788324909319577, 14);
    expect([...gaussianTaps(0.3)]).toEqual([1]);
  });
});
