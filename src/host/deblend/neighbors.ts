/** Calls `visit` for the up to eight neighbours of a pixel in an image of `count` pixels, `nx` a row. */
export function forNeighbors(pixel: number, nx: number, count: number, visit: (other: number) => void): void {
  const x = pixel % nx;
  const first = x > 0 ? -1 : 0;
  const last = x < nx - 1 ? 1 : 0;
  for (let row = pixel - nx; row <= pixel + nx; row += nx) {
    if (row - x < 0 || row >= count) continue;
    for (let other = row + first; other <= row + last; other++) if (other !== pixel) visit(other);
  }
}
