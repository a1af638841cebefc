const NEIGHBOURS = 10;

/**
 * A mesh (ny x nx, row-major) with its NaNs filled from the 10 nearest values, weighted by inverse distance, as f32:
 * photutils 3.1.1 Background2D._interpolate_grid with ShepardIDWInterpolator. Nearest at equal distance: in raster order.
 */
export function fillMesh(mesh: Float32Array, nx: number): Float32Array {
  const known = [...mesh.keys()].filter((i) => !Number.isNaN(mesh[i]));
  return mesh.map((value, i) => (Number.isNaN(value) ? weighted(mesh, known, nx, i) : value));
}

function weighted(mesh: Float32Array, known: readonly number[], nx: number, at: number): number {
  const [x, y] = [at % nx, Math.floor(at / nx)];
  const near = known
    .map((i) => ({ i, d2: ((i % nx) - x) ** 2 + (Math.floor(i / nx) - y) ** 2 }))
    .sort((a, b) => a.d2 - b.d2 || a.i - b.i)
    .slice(0, NEIGHBOURS);
  if (near.length === 1) return mesh[near[0].i];
  let [sum, total] = [0, 0];
  for (const { i, d2 } of near) {
    const weight = 1 / Math.sqrt(d2);
    total += weight;
    sum += weight * mesh[i];
  }
  return sum / total;
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
