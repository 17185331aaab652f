import { grownTo } from '../encodings/byte-buffer.ts';
import { emptyBlock, type Layout, layout, type ValueBlock } from '../value-block.ts';

/**
 * The distinct values of an output column chunk in order of first appearance: open addressing over the values'
 * bytes, never a JavaScript string.
 */
export interface MergedDictionary {
  layout: Layout;
  widthBytes: number;
  /** The entries, in a form that is PLAIN when its arrays are laid end to end. */
  readonly block: ValueBlock;
  /** PLAIN size of the entries. */
  sizeBytes: number;
  /** A new number whenever the dictionary was emptied. */
  generation: number;
  hashes: Int32Array;
  /** Entry number + 1, or 0 for a free slot. Its length is a power of two. */
  slots: Int32Array;
}

/**
 * A value that needs more steps than this finds a table that somebody chose the values for: half full, it takes a few
 * dozen of them at most.
 */
const maxProbes = 1000;

/** An empty dictionary; {@link resetDictionary} gives it its layout. */
export function mergedDictionary(): MergedDictionary {
  return {
    layout: layout.WORD,
    widthBytes: 4,
    block: emptyBlock(),
    sizeBytes: 0,
    generation: 0,
    hashes: new Int32Array(1024),
    slots: new Int32Array(4096),
  };
}

/** Empties the dictionary for a chunk of another column or row group and keeps its room. */
export function resetDictionary(dictionary: MergedDictionary, kind: Layout, widthBytes: number): void {
  dictionary.layout = kind;
  dictionary.widthBytes = widthBytes;
  dictionary.block.count = 0;
  dictionary.sizeBytes = 0;
  dictionary.generation++;
  dictionary.slots.fill(0);
  if (kind === layout.VARIABLE) dictionary.block.offsets = grownTo(dictionary.block.offsets, 1);
  if (kind === layout.VARIABLE) dictionary.block.offsets[0] = 0;
}

/**
 * The number of the entry that equals value `i` of `source`, which is added when there is none; -1, and nothing is
 * added, when so many hashes collide that looking on would take too long.
 * @param hash the first hash of that value (`hashValues`)
 */
export function findOrAdd(dictionary: MergedDictionary, hash: number, source: ValueBlock, i: number): number {
  const { slots, hashes } = dictionary;
  const mask = slots.length - 1;
  let slot = hash & mask;
  for (let probes = 0; probes < maxProbes; probes++) {
    const entry = (slots[slot] as number) - 1;
    if (entry < 0) return add(dictionary, hash, slot, source, i);
    if (hashes[entry] === hash && equals(dictionary, entry, source, i)) return entry;
    slot = (slot + 1) & mask;
  }
  return -1;
}

function equals(dictionary: MergedDictionary, entry: number, source: ValueBlock, i: number): boolean {
  const own = dictionary.block;
  switch (dictionary.layout) {
    case layout.WORD:
      return own.words[entry] === source.words[i];
    case layout.LONG:
      return (
        own.words[entry * 2] === source.words[i * 2] && own.words[entry * 2 + 1] === source.words[i * 2 + 1]
      );
    case layout.FIXED:
      return equalBytes(
        own.bytes,
        entry * dictionary.widthBytes,
        source.bytes,
        i * dictionary.widthBytes,
        dictionary.widthBytes,
      );
    default: {
      const start = own.offsets[entry] as number;
      const otherStart = source.offsets[i] as number;
      const length = (own.offsets[entry + 1] as number) - start;
      return (
        length === (source.offsets[i + 1] as number) - otherStart &&
        equalBytes(own.bytes, start + 4, source.bytes, otherStart + 4, length - 4)
      );
    }
  }
}

function equalBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

function add(
  dictionary: MergedDictionary,
  hash: number,
  slot: number,
  source: ValueBlock,
  i: number,
): number {
  const own = dictionary.block;
  const entry = own.count++;
  if (entry >= dictionary.hashes.length) dictionary.hashes = grownTo(dictionary.hashes, entry + 1);
  dictionary.hashes[entry] = hash;
  dictionary.slots[slot] = entry + 1;
  switch (dictionary.layout) {
    case layout.WORD:
      if (entry >= own.words.length) own.words = grownTo(own.words, entry + 1);
      own.words[entry] = source.words[i] as number;
      dictionary.sizeBytes += 4;
      break;
    case layout.LONG:
      if (entry * 2 + 2 > own.words.length) own.words = grownTo(own.words, entry * 2 + 2);
      own.words[entry * 2] = source.words[i * 2] as number;
      own.words[entry * 2 + 1] = source.words[i * 2 + 1] as number;
      dictionary.sizeBytes += 8;
      break;
    case layout.FIXED: {
      const width = dictionary.widthBytes;
      own.bytes = roomFor(own.bytes, entry * width, width);
      own.bytes.set(source.bytes.subarray(i * width, (i + 1) * width), entry * width);
      dictionary.sizeBytes += width;
      break;
    }
    default: {
      const start = own.offsets[entry] as number;
      const from = source.offsets[i] as number;
      const to = source.offsets[i + 1] as number;
      own.bytes = roomFor(own.bytes, start, to - from);
      own.bytes.set(source.bytes.subarray(from, to), start);
      if (entry + 1 >= own.offsets.length) own.offsets = grownTo(own.offsets, entry + 2);
      own.offsets[entry + 1] = start + to - from;
      dictionary.sizeBytes += to - from;
    }
  }
  if (own.count * 2 > dictionary.slots.length) enlarge(dictionary);
  return entry;
}

function roomFor(bytes: Uint8Array, used: number, more: number): Uint8Array {
  if (used + more <= bytes.length) return bytes;
  const grown = new Uint8Array(Math.max(bytes.length * 2, used + more, 4096));
  grown.set(bytes.subarray(0, used));
  return grown;
}

function enlarge(dictionary: MergedDictionary): void {
  const slots = new Int32Array(dictionary.slots.length * 4);
  const mask = slots.length - 1;
  for (let entry = 0; entry < dictionary.block.count; entry++) {
    let slot = (dictionary.hashes[entry] as number) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }
  dictionary.slots = slots;
}
