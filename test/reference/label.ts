/**
 * Plain twin of the labelling: flood fill in raster order, so that labels follow each component's first pixel; components
 * of fewer than `npixels` pixels are 0.
 */
export function labelComponents(
  isSource: readonly boolean[],
  nx: number,
  ny: number,
  npixels: number,
): { labels: Uint32Array; count: number } {
  const labels = new Uint32Array(nx * ny);
  const seen = new Uint8Array(nx * ny);
  let count = 0;
  for (let start = 0; start < nx * ny; start++) {
    if (!isSource[start] || seen[start]) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let k = 0; k < pixels.length; k++) {
      const [x, y] = [pixels[k] % nx, Math.floor(pixels[k] / nx)];
      for (let v = Math.max(0, y - 1); v <= Math.min(ny - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(nx - 1, x + 1); u++) {
          const at = v * nx + u;
          if (isSource[at] && !seen[at]) {
            seen[at] = 1;
            pixels.push(at);
          }
        }
    }
    if (pixels.length < npixels) continue;
    count++;
    for (const at of pixels) labels[at] = count;
  }
  return { labels, count };
}
