// Bits set in `chosen` before a word, given `blocks`: those in the blocks of 32 words before its own.
fn before(word: u32) -> u32 {
  var sum = blocks[word >> 5u];
  for (var i = word & ~31u; i < word; i++) {
    sum += countOneBits(chosen[i]);
  }
  return sum;
}
