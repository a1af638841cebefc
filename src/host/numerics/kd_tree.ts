/**
 * The k nearest of a set of points in the plane, with scipy.spatial.cKDTree's own choice among points at equal distances.
 * On a grid most distances are shared, and photutils' inverse distance weighting takes the 10 that cKDTree finds first:
 * so the tree is built by the same splits (median, largest spread first), with the C++ library's nth_element and
 * partition, and searched in the same order (scipy/spatial/ckdtree/src/build.cxx, query.cxx).
 */
export class KdTree {
  private readonly indices: number[];
  private readonly root: Node;

  /** @param points coordinates in the order that scipy is given them */
  constructor(
    private readonly points: readonly (readonly [number, number])[],
    private readonly leafSize = 10,
  ) {
    this.indices = points.map((_, i) => i);
    this.root = this.build(0, points.length);
  }

  /** Indices and squared distances of the k nearest points (or all, if fewer), in no particular order. */
  nearest(at: readonly [number, number], k: number): { index: number; squared: number }[] {
    const found = new Heap<number>();
    const queue = new Heap<Visit>();
    let bound = Infinity;
    let visit: Visit | undefined = this.firstVisit(at);
    for (; visit; visit = queue.pop()) {
      let node: Node = visit.node;
      if (node.split && visit.squared > bound) break;
      while (node.split) {
        const { axis, value, less, greater } = node.split;
        const sides: [number, number] = [...visit.sides];
        sides[axis] = (at[axis] - value) ** 2;
        const squared = visit.squared + sides[axis] - visit.sides[axis];
        const [near, far] = at[axis] < value ? [less, greater] : [greater, less];
        if (squared <= bound) queue.push(squared, { node: far, sides, squared });
        node = near;
      }
      for (const index of this.indices.slice(node.first, node.last)) {
        const [u, v] = this.points[index];
        const squared = (u - at[0]) ** 2 + (v - at[1]) ** 2;
        if (!(squared < bound)) continue;
        if (found.size === k) found.pop();
        found.push(-squared, index);
        if (found.size === k) bound = -found.least;
      }
    }
    return found.items().map(([priority, index]) => ({ index, squared: -priority }));
  }

  private firstVisit(at: readonly [number, number]): Visit {
    const { low, high } = this.bounds(0, this.points.length);
    const side = (axis: 0 | 1): number => Math.max(0, at[axis] - high[axis], low[axis] - at[axis]) ** 2;
    const sides: [number, number] = [side(0), side(1)];
    return { node: this.root, sides, squared: sides[0] + sides[1] };
  }

  private bounds(first: number, last: number): { low: [number, number]; high: [number, number] } {
    const low: [number, number] = [Infinity, Infinity];
    const high: [number, number] = [-Infinity, -Infinity];
    for (let i = first; i < last; i++)
      for (const axis of [0, 1] as const) {
        low[axis] = Math.min(low[axis], this.points[this.indices[i]][axis]);
        high[axis] = Math.max(high[axis], this.points[this.indices[i]][axis]);
      }
    return { low, high };
  }

  private build(first: number, last: number): Node {
    if (last - first <= this.leafSize) return { first, last };
    const { low, high } = this.bounds(first, last);
    const axis = high[1] - low[1] > high[0] - low[0] ? 1 : 0;
    if (high[axis] === low[axis]) return { first, last };
    const key = (index: number): number => this.points[index][axis];
    const middle = first + ((last - first) >> 1);
    nthElement(this.indices, first, middle, last, (a, b) => key(a) < key(b));
    let value = key(this.indices[middle]);
    let at = partition(this.indices, first, middle, (index) => key(index) < value);
    if (at === first) {
      // no point is less: the least ones go to the left
      const above = low[axis];
      value = this.points.reduce((next, p) => (p[axis] > above ? Math.min(next, p[axis]) : next), Infinity);
      at = partition(this.indices, first, last, (index) => key(index) <= above);
    }
    return {
      first,
      last,
      split: { axis, value, less: this.build(first, at), greater: this.build(at, last) },
    };
  }
}

interface Node {
  readonly first: number;
  readonly last: number;
  readonly split?: {
    readonly axis: 0 | 1;
    readonly value: number;
    readonly less: Node;
    readonly greater: Node;
  };
}

interface Visit {
  readonly node: Node;
  readonly sides: readonly [number, number];
  readonly squared: number;
}

/** Binary heap, least priority first; which of equal priorities leaves first is as in scipy's. */
class Heap<T> {
  private readonly heap: [number, T][] = [];

  get size(): number {
    return this.heap.length;
  }
  get least(): number {
    return this.heap[0][0];
  }
  items(): readonly [number, T][] {
    return this.heap;
  }

  push(priority: number, value: T): void {
    const { heap } = this;
    heap.push([priority, value]);
    for (let i = heap.length - 1; i > 0;) {
      const up = (i - 1) >> 1;
      if (!(heap[i][0] < heap[up][0])) break;
      swap(heap, i, up);
      i = up;
    }
  }

  pop(): T | undefined {
    const { heap } = this;
    if (!heap.length) return undefined;
    const [, value] = heap[0];
    const last = heap.pop()!;
    if (heap.length) heap[0] = last;
    const priority = (i: number): number => (i < heap.length ? heap[i][0] : Infinity);
    for (let i = 0; ;) {
      const [j, k] = [2 * i + 1, 2 * i + 2];
      if (!(priority(i) > priority(j)) && !(priority(i) > priority(k))) return value;
      const next = priority(j) > priority(k) ? k : j;
      swap(heap, i, next);
      i = next;
    }
  }
}

function swap<T>(list: T[], i: number, j: number): void {
  [list[i], list[j]] = [list[j], list[i]];
}

/** std::partition for bidirectional iterators, as libstdc++ has it: where the false ones begin. */
function partition(list: number[], first: number, last: number, isLow: (value: number) => boolean): number {
  for (;;) {
    while (first !== last && isLow(list[first])) first++;
    if (first === last) return first;
    last--;
    while (first !== last && !isLow(list[last])) last--;
    if (first === last) return first;
    swap(list, first++, last);
  }
}

type Less = (a: number, b: number) => boolean;

/** std::nth_element as libstdc++ has it (introselect without its fallback, which meshes do not reach). */
function nthElement(list: number[], first: number, nth: number, last: number, less: Less): void {
  while (last - first > 3) {
    const cut = partitionAboutPivot(list, first, last, less);
    if (cut <= nth) first = cut;
    else last = cut;
  }
  for (let i = first + 1; i < last; i++)
    for (let j = i; j > first && less(list[j], list[j - 1]); j--) swap(list, j, j - 1);
}

function partitionAboutPivot(list: number[], first: number, last: number, less: Less): number {
  medianToFirst(list, first, [first + 1, first + ((last - first) >> 1), last - 1], less);
  const pivot = list[first];
  for (let low = first + 1, high = last; ; low++) {
    while (less(list[low], pivot)) low++;
    high--;
    while (less(pivot, list[high])) high--;
    if (low >= high) return low;
    swap(list, low, high);
  }
}

function medianToFirst(list: number[], to: number, [a, b, c]: [number, number, number], less: Less): void {
  const [ab, bc, ac] = [less(list[a], list[b]), less(list[b], list[c]), less(list[a], list[c])];
  if (ab) swap(list, to, bc ? b : ac ? c : a);
  else swap(list, to, ac ? a : bc ? c : b);
}
