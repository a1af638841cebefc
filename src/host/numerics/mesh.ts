import { KdTree } from "./kd_tree.js";

const NEIGHBOURS = 10;

/**
 * A mesh (ny x nx, row-major) with its NaNs filled from the 10 nearest values, weighted by inverse distance, as f32:
 * photutils 3.1.1 Background2D._interpolate_grid with ShepardIDWInterpolator.
 */
export function fillMesh(mesh: Float32Array, nx: number): Float32Array {
  const place = (i: number): [number, number] => [Math.floor(i / nx), i % nx];
  const known = [...mesh.keys()].filter((i) => !Number.isNaN(mesh[i]));
  if (known.length === mesh.length) return mesh;
  const tree = new KdTree(known.map(place));
  return mesh.map((value, i) => {
    if (!Number.isNaN(value)) return value;
    let [sum, total] = [0, 0];
    for (const { index, squared } of tree.nearest(place(i), NEIGHBOURS)) {
      const weight = 1 / Math.sqrt(squared);
      total += weight;
      sum += weight * mesh[known[index]];
    }
    return sum / total;
  });
}

/** Median of each value's 3 x 3 neighbourhood within the mesh, as f32: scipy's generic_filter of nanmedian, NaN outside. */
export function medianFilterMesh(mesh: Float32Array, nx: number): Float32Array {
  const ny = mesh.length / nx;
  return mesh.map((_, i) => {
    const [x, y] = [i % nx, Math.floor(i / nx)];
    const near: number[] = [];
    for (let v = Math.max(0, y - 1); v <= Math.min(ny - 1, y + 1); v++)
      for (let u = Math.max(0, x - 1); u <= Math.min(nx - 1, x + 1); u++) near.push(mesh[v * nx + u]);
    near.sort((a, b) => a - b);
    const half = near.length >> 1;
    return near.length % 2 ? near[half] : 0.5 * (near[half - 1] + near[half]);
  });
}
