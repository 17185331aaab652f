import { dictionaryWord, type Kernel, stopped } from '../kernel.ts';
import type { Views } from './views.ts';

const mostProbes = 1000;

/** The dictionary of an output column chunk, of the kernel, in TypeScript. */
export function dictionaryReference(
  views: Views,
): Pick<Kernel, 'appendIndexed' | 'appendValues' | 'moveSlots'> {
  const word = (at: number, i: number): number => views.view.getUint32(at + i * 4, true);
  const putWord = (at: number, i: number, value: number): void =>
    views.view.setUint32(at + i * 4, value, true);

  const same = (a: number, b: number, length: number): boolean => {
    for (let i = 0; i < length; i++) if (views.bytes[a + i] !== views.bytes[b + i]) return false;
    return true;
  };

  const findOrAdd = (dictionary: number, hash: number, value: number, length: number): number => {
    const width = word(dictionary, dictionaryWord.width);
    const bytes = word(dictionary, dictionaryWord.bytesAt);
    const offsets = word(dictionary, dictionaryWord.offsetsAt);
    const slots = word(dictionary, dictionaryWord.slotsAt);
    const mask = word(dictionary, dictionaryWord.slotCount) - 1;
    let slot = hash & mask;
    for (let probes = 0; probes < mostProbes; probes++) {
      const entry = word(slots, slot * 2) - 1;
      if (entry < 0) return add(dictionary, hash, slots + slot * 8, value, length);
      if (word(slots, slot * 2 + 1) === hash) {
        const start = width > 0 ? entry * width : word(offsets, entry);
        const held = width > 0 ? width : word(offsets, entry + 1) - start;
        if (held === length && same(bytes + start, value, length)) return entry;
      }
      slot = (slot + 1) & mask;
    }
    return stopped.colliding;
  };

  const add = (dictionary: number, hash: number, slotAt: number, value: number, length: number): number => {
    const entry = word(dictionary, dictionaryWord.count);
    const sizeBytes = word(dictionary, dictionaryWord.sizeBytes);
    const isVariable = word(dictionary, dictionaryWord.width) === 0;
    if (sizeBytes + length > word(dictionary, dictionaryWord.bytesRoom)) return stopped.full;
    if (isVariable && entry >= word(dictionary, dictionaryWord.entriesRoom)) return stopped.full;
    if ((entry + 1) * 2 > word(dictionary, dictionaryWord.slotCount)) return stopped.full;
    putWord(slotAt, 0, entry + 1);
    putWord(slotAt, 1, hash);
    views.bytes.copyWithin(word(dictionary, dictionaryWord.bytesAt) + sizeBytes, value, value + length);
    putWord(dictionary, dictionaryWord.count, entry + 1);
    putWord(dictionary, dictionaryWord.sizeBytes, sizeBytes + length);
    if (isVariable) putWord(word(dictionary, dictionaryWord.offsetsAt), entry + 1, sizeBytes + length);
    return entry;
  };

  const entryOf = (
    dictionary: number,
    index: number,
    bytes: number,
    offsets: number,
    hashes: number,
  ): number => {
    const width = word(dictionary, dictionaryWord.width);
    const start = width > 0 ? index * width : word(offsets, index);
    const length = width > 0 ? width : word(offsets, index + 1) - start;
    return findOrAdd(dictionary, word(hashes, index * 2), bytes + start, length);
  };

  return {
    appendIndexed: (dictionary, indices, count, bytes, offsets, hashes, map, to) => {
      for (let i = 0; i < count; i++) {
        const index = word(indices, i);
        let entry = word(map, index) | 0;
        if (entry < 0) {
          entry = entryOf(dictionary, index, bytes, offsets, hashes);
          if (entry < 0) {
            views.words[0] = entry;
            return i;
          }
          putWord(map, index, entry);
        }
        putWord(to, i, entry);
      }
      return count;
    },
    appendValues: (dictionary, first, count, bytes, offsets, hashes, to) => {
      for (let i = 0; i < count; i++) {
        const entry = entryOf(dictionary, first + i, bytes, offsets, hashes);
        if (entry < 0) {
          views.words[0] = entry;
          return i;
        }
        putWord(to, i, entry);
      }
      return count;
    },
    moveSlots: (from, fromCount, to, toCount) => {
      for (let i = 0; i < fromCount; i++) {
        const entry = word(from, i * 2);
        if (entry === 0) continue;
        const hash = word(from, i * 2 + 1);
        let slot = hash & (toCount - 1);
        while (word(to, slot * 2) !== 0) slot = (slot + 1) & (toCount - 1);
        putWord(to, slot * 2, entry);
        putWord(to, slot * 2 + 1, hash);
      }
    },
  };
}
