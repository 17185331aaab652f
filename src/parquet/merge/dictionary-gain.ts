/** A dictionary beyond this is given up for PLAIN, unless that would be many times as large: readers keep it whole. */
const maxDictionaryBytes = 1024 * 1024;
/** How much smaller a dictionary beyond that size must make the chunk. */
const largeDictionaryGain = 8;
/** A dictionary beyond this is given up, unless the chunk would have more than `leastWithoutPlainBytes` then. */
const mostDictionaryBytes = 16 * 1024 * 1024;
const leastWithoutPlainBytes = 256 * 1024 * 1024;
/** From so many values on a dictionary that saves nothing is given up early. */
const earlyDecisionValues = 16_384;

/**
 * Whether a chunk is smaller with its dictionary, by as much as a dictionary of that size must make it smaller.
 * @param entries of the dictionary, with their PLAIN size
 * @param presentCount values of the chunk so far
 * @param widthBytes of a value; 0 where they differ
 * @param isLast whether there are no more values: else it is too early to tell of a few
 */
export function isDictionaryWorthIt(
  entries: { readonly count: number; readonly sizeBytes: number },
  presentCount: number,
  widthBytes: number,
  isLast: boolean,
): boolean {
  const { count, sizeBytes } = entries;
  const plain =
    widthBytes === 0 ? (sizeBytes / Math.max(1, count)) * presentCount : widthBytes * presentCount;
  // A few huge values, each of them many times: without a dictionary there would be no room for them.
  if (sizeBytes > mostDictionaryBytes && plain < leastWithoutPlainBytes) return false;
  if (!isLast && presentCount < earlyDecisionValues) return true;
  if (count === 0) return true;
  const bitsPerIndex = 32 - Math.clz32(Math.max(count - 1, 1));
  const withDictionary = sizeBytes + (presentCount * bitsPerIndex) / 8;
  const gain = sizeBytes > maxDictionaryBytes ? largeDictionaryGain : 1;
  return withDictionary * gain < plain;
}
