type Ascending = Float32Array | Float64Array;

/** How many of ascending values are less than x: the index of the first that is not. */
export function countBelow(values: Ascending, x: number): number {
  return firstIndex(values, (value) => value >= x);
}

/** How many of ascending values are not greater than x: the index of the first that is. */
export function countUpTo(values: Ascending, x: number): number {
  return firstIndex(values, (value) => value > x);
}

function firstIndex(values: Ascending, beyond: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (beyond(values[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
