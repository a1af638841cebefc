/** A binary min-heap of pixels on (cost, age); equal ones stand as photutils' heap leaves them. */
class FloodQueue {
  size = 0;
  private readonly cost: Float32Array;
  private readonly age: Int32Array;
  private readonly pixel: Int32Array;

  constructor(capacity: number) {
    this.cost = new Float32Array(capacity);
    this.age = new Int32Array(capacity);
    this.pixel = new Int32Array(capacity);
  }

  push(cost: number, age: number, pixel: number): void {
    let at = this.size++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.isLess(cost, age, up)) break;
      this.move(up, at);
      at = up;
    }
    this.set(at, cost, age, pixel);
  }

  /** Takes the first pixel out; `costOf` the first must be asked before. */
  pop(): number {
    const first = this.pixel[0];
    const last = --this.size;
    const [cost, age, pixel] = [this.cost[last], this.age[last], this.pixel[last]];
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.isLess(this.cost[child + 1], this.age[child + 1], child)) child++;
      if (this.isLess(cost, age, child) || (this.cost[child] === cost && this.age[child] === age)) break;
      this.move(child, at);
      at = child;
    }
    this.set(at, cost, age, pixel);
    return first;
  }

  firstCost(): number {
    return this.cost[0];
  }

  private isLess(cost: number, age: number, than: number): boolean {
    return cost !== this.cost[than] ? cost < this.cost[than] : age < this.age[than];
  }

  private move(from: number, to: number): void {
    this.set(to, this.cost[from], this.age[from], this.pixel[from]);
  }

  private set(at: number, cost: number, age: number, pixel: number): void {
    this.cost[at] = cost;
    this.age[at] = age;
    this.pixel[at] = pixel;
  }
}

/** Order in which a pixel's neighbours are reached: along the axes first. */
const STEPS_X = Int8Array.of(0, -1, 1, 0, -1, 1, -1, 1);
const STEPS_Y = Int8Array.of(-1, 0, 0, 1, -1, -1, 1, 1);

/** Floods one source, brightest pixels first, from labelled pixels; its arrays serve for several floods. */
export class Watershed {
  private readonly queue: FloodQueue;
  private readonly ny: number;

  /**
   * @param values ny rows of nx pixels; NaN where they are not of the source
   * @param pixels those of the source
   */
  constructor(
    private readonly values: Float32Array,
    private readonly nx: number,
    pixels: number,
  ) {
    this.queue = new FloodQueue(pixels);
    this.ny = values.length / nx;
  }

  /**
   * Spread the labels over the whole source, in place: a pixel costs -value, or what the pixel it was reached from costs where that is
   * more; equal costs go in the order in which they were reached (photutils 3.1.1 segmentation/_deblend_watershed.pyx; Soille 1990).
   * @param free the source's pixels without label; sought for where not given
   */
  flood(labels: Int32Array, free?: readonly number[]): void {
    const { values, queue } = this;
    const unlabelled = free ?? pixelsWhere(labels, (p) => !labels[p] && !Number.isNaN(values[p]));
    for (const p of this.seeds(labels, unlabelled)) queue.push(-values[p], 0, p);
    for (let age = 0; queue.size > 0;) {
      const cost = queue.firstCost();
      const p = queue.pop();
      for (let k = 0; k < 8; k++) {
        const next = this.neighbor(p, k);
        if (next < 0 || labels[next] || Number.isNaN(values[next])) continue;
        labels[next] = labels[p];
        queue.push(Math.max(-values[next], cost), ++age, next);
      }
    }
  }

  /**
   * The labelled pixels to flood from. Those with nothing free about them do nothing but keep their place among equal costs in
   * photutils' queue, so they are left out where no two of the others cost the same.
   */
  private seeds(labels: Int32Array, free: readonly number[]): Iterable<number> {
    const rim = new Set<number>();
    for (const p of free)
      for (let k = 0; k < 8; k++) {
        const next = this.neighbor(p, k);
        if (next >= 0 && labels[next]) rim.add(next);
      }
    const costs = Float32Array.from(rim, (p) => this.values[p]).sort();
    const alike = costs.some((cost, i) => i > 0 && cost === costs[i - 1]);
    return alike ? pixelsWhere(labels, (p) => labels[p] > 0) : rim;
  }

  /** The k-th neighbour of a pixel; -1 beyond the box. */
  private neighbor(p: number, k: number): number {
    const x = (p % this.nx) + STEPS_X[k];
    const y = Math.floor(p / this.nx) + STEPS_Y[k];
    return x < 0 || x >= this.nx || y < 0 || y >= this.ny ? -1 : y * this.nx + x;
  }
}

function pixelsWhere(labels: Int32Array, wanted: (p: number) => boolean): number[] {
  const pixels: number[] = [];
  for (let p = 0; p < labels.length; p++) if (wanted(p)) pixels.push(p);
  return pixels;
}
