// Plain JavaScript, as the worker threads run it as it is.

/** Matches and literals longer than this are copied by the engine, shorter ones byte by byte. */
const LONG = 32;

/**
 * Decodes an lz4 block (lz4_Block_format.md of the lz4 project) into the first bytes of `target`; returns how many they are.
 * Straight into memory that is there already: a library that hands over new memory for each block costs more in page faults.
 * Throws where the block is damaged in a way that shows.
 */
export function decodeLz4(block, target) {
  const end = block.length;
  let at = 0;
  let filled = 0;
  let byte;
  while (at < end) {
    const token = block[at++];
    let literals = token >> 4;
    if (literals === 15)
      do literals += byte = block[at++];
      while (byte === 255);
    if (!(at + literals <= end && filled + literals <= target.length))
      throw new Error("literals past the end");
    if (literals > LONG) {
      target.set(block.subarray(at, at + literals), filled);
      at += literals;
      filled += literals;
    } else for (const stop = at + literals; at < stop;) target[filled++] = block[at++];
    if (at === end) return filled;
    const offset = block[at] | (block[at + 1] << 8);
    at += 2;
    let length = (token & 15) + 4;
    if (length === 19)
      do length += byte = block[at++];
      while (byte === 255);
    if (!(offset > 0 && offset <= filled && filled + length <= target.length))
      throw new Error("a match outside the block");
    if (length <= LONG) {
      for (const stop = filled + length; filled < stop; filled++) target[filled] = target[filled - offset];
    } else filled = repeat(target, filled, offset, length);
  }
  throw new Error("no literals at the end");
}

/** Copies `length` bytes from `offset` before `filled` to there, where they may lie within themselves; returns the new end. */
function repeat(target, filled, offset, length) {
  const from = filled - offset;
  const stop = filled + length;
  // what is there doubles with each copy
  for (let known = offset; filled < stop; known *= 2) {
    const count = Math.min(known, stop - filled);
    target.copyWithin(filled, from, from + count);
    filled += count;
  }
  return stop;
}
