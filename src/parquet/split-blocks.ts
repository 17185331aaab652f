/** Bytes of a block of a split block Bloom filter: eight words, of which every value sets a bit each. */
export const blockBytes = 32;
const wordsPerBlock = 8;

/** BloomFilter.md, "salt". */
const salts = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b | 0,
  0xa2b7289d | 0,
  0x705495c7,
  0x2df1424b,
  0x9efc4947 | 0,
  0x5c6bfb31,
);

/**
 * Adds a value to the words of a split block Bloom filter (parquet-format, BloomFilter).
 * @param low lower half of the value's XXH64
 * @param high upper half, which chooses the block
 */
export function insertHash(bits: Int32Array, low: number, high: number): void {
  const block = blockOf(bits, high);
  for (let i = 0; i < wordsPerBlock; i++) {
    bits[block + i] = (bits[block + i] as number) | maskOf(low, i);
  }
}

/** False when a value is surely not in the filter. */
export function mayContainHash(bits: Int32Array, low: number, high: number): boolean {
  const block = blockOf(bits, high);
  for (let i = 0; i < wordsPerBlock; i++) {
    if (((bits[block + i] as number) & maskOf(low, i)) === 0) return false;
  }
  return true;
}

// The upper half times the number of blocks, shifted right by 32 bits.
function blockOf(bits: Int32Array, high: number): number {
  return Math.floor(((high >>> 0) * (bits.length / wordsPerBlock)) / 2 ** 32) * wordsPerBlock;
}

function maskOf(low: number, word: number): number {
  return 1 << (Math.imul(low, salts[word] as number) >>> 27);
}
