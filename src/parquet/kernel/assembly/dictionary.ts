import { copyShort } from './copy.ts';
import { setResult } from './result.ts';

// The dictionary of an output column chunk; its words are named in ../merged-dictionary.ts, the slots said there.
const FULL: i32 = -1;
const COLLIDING: i32 = -2;
const MOST_PROBES: i32 = 1000;

function sameBytes(a: usize, b: usize, length: usize): bool {
  let i: usize = 0;
  for (; i + 8 <= length; i += 8) if (load<u64>(a + i) !== load<u64>(b + i)) return false;
  for (; i < length; i++) if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  return true;
}

function findOrAdd(dictionary: usize, hash: u64, value: usize, length: u32): i32 {
  const width = load<i32>(dictionary);
  const bytes = usize(load<u32>(dictionary, 12));
  const offsets = usize(load<u32>(dictionary, 20));
  const slots = usize(load<u32>(dictionary, 28));
  const mask = load<u32>(dictionary, 32) - 1;
  const tag = u32(hash);
  let slot = tag & mask;
  for (let probes: i32 = 0; probes < MOST_PROBES; probes++) {
    const at = slots + (usize(slot) << 3);
    const entry = load<i32>(at) - 1;
    if (entry < 0) return add(dictionary, tag, at, value, length);
    if (load<u32>(at, 4) === tag) {
      if (width > 0) {
        if (sameBytes(bytes + usize(entry) * usize(width), value, usize(width))) return entry;
      } else {
        const offset = offsets + (usize(entry) << 2);
        const start = load<u32>(offset);
        if (load<u32>(offset, 4) - start === length && sameBytes(bytes + usize(start), value, usize(length)))
          return entry;
      }
    }
    slot = (slot + 1) & mask;
  }
  return COLLIDING;
}

function add(dictionary: usize, tag: u32, slot: usize, value: usize, length: u32): i32 {
  const entry = load<i32>(dictionary, 4);
  const sizeBytes = load<u32>(dictionary, 8);
  const isVariable = load<i32>(dictionary) === 0;
  if (sizeBytes + length > load<u32>(dictionary, 16)) return FULL;
  if (isVariable && entry >= load<i32>(dictionary, 24)) return FULL;
  if (u32(entry + 1) * 2 > load<u32>(dictionary, 32)) return FULL;
  store<i32>(slot, entry + 1);
  store<u32>(slot, tag, 4);
  const to = usize(load<u32>(dictionary, 12)) + usize(sizeBytes);
  if (length === 8) store<u64>(to, load<u64>(value));
  else if (length === 4) store<u32>(to, load<u32>(value));
  else copyShort(to, value, length);
  store<i32>(dictionary, entry + 1, 4);
  store<u32>(dictionary, sizeBytes + length, 8);
  if (isVariable) store<u32>(usize(load<u32>(dictionary, 20)) + (usize(entry) << 2), sizeBytes + length, 4);
  return entry;
}

/** See `Kernel.appendIndexed`. */
export function appendIndexed(
  dictionary: usize,
  indices: usize,
  count: i32,
  bytes: usize,
  offsets: usize,
  hashes: usize,
  map: usize,
  to: usize,
): i32 {
  const width = load<u32>(dictionary);
  if (width === 8) return appendNumbers<u64>(dictionary, indices, 0, count, bytes, hashes, map, to);
  if (width === 4) return appendNumbers<u32>(dictionary, indices, 0, count, bytes, hashes, map, to);
  for (let i: i32 = 0; i < count; i++) {
    const index = usize(load<u32>(indices + (usize(i) << 2)));
    let entry = load<i32>(map + (index << 2));
    if (entry < 0) {
      let start = u32(index) * width;
      let length = width;
      if (width === 0) {
        start = load<u32>(offsets + (index << 2));
        length = load<u32>(offsets + (index << 2), 4) - start;
      }
      entry = findOrAdd(dictionary, load<u64>(hashes + (index << 3)), bytes + usize(start), length);
      if (entry < 0) {
        setResult(0, entry);
        return i;
      }
      store<i32>(map + (index << 2), entry);
    }
    store<i32>(to + (usize(i) << 2), entry);
  }
  return count;
}

/** See `Kernel.appendValues`. */
export function appendValues(
  dictionary: usize,
  first: i32,
  count: i32,
  bytes: usize,
  offsets: usize,
  hashes: usize,
  to: usize,
): i32 {
  const width = load<u32>(dictionary);
  if (width === 8) return appendNumbers<u64>(dictionary, 0, first, count, bytes, hashes, 0, to);
  if (width === 4) return appendNumbers<u32>(dictionary, 0, first, count, bytes, hashes, 0, to);
  for (let i: i32 = 0; i < count; i++) {
    const index = usize(first + i);
    let start = u32(index) * width;
    let length = width;
    if (width === 0) {
      start = load<u32>(offsets + (index << 2));
      length = load<u32>(offsets + (index << 2), 4) - start;
    }
    const entry = findOrAdd(dictionary, load<u64>(hashes + (index << 3)), bytes + usize(start), length);
    if (entry < 0) {
      setResult(0, entry);
      return i;
    }
    store<i32>(to + (usize(i) << 2), entry);
  }
  return count;
}

// Both of these for numbers, in one loop that calls nothing where a value is there already. `indices` is 0 where the values
// themselves are appended, from number `first` on.
function appendNumbers<T>(
  dictionary: usize,
  indices: usize,
  first: i32,
  count: i32,
  bytes: usize,
  hashes: usize,
  map: usize,
  to: usize,
): i32 {
  const entries = usize(load<u32>(dictionary, 12));
  const slots = usize(load<u32>(dictionary, 28));
  const mask = load<u32>(dictionary, 32) - 1;
  for (let i: i32 = 0; i < count; i++) {
    let index = usize(first + i);
    if (indices !== 0) {
      index = usize(load<u32>(indices + (usize(i) << 2)));
      const known = load<i32>(map + (index << 2));
      if (known >= 0) {
        store<i32>(to + (usize(i) << 2), known);
        continue;
      }
    }
    const value = load<T>(bytes + index * sizeof<T>());
    const tag = load<u32>(hashes + (index << 3));
    let slot = tag & mask;
    let entry: i32 = COLLIDING;
    for (let probes: i32 = 0; probes < MOST_PROBES; probes++) {
      const at = slots + (usize(slot) << 3);
      const found = load<i32>(at) - 1;
      if (found < 0) {
        entry = add(dictionary, tag, at, bytes + index * sizeof<T>(), sizeof<T>());
        break;
      }
      if (load<u32>(at, 4) === tag && load<T>(entries + usize(found) * sizeof<T>()) === value) {
        entry = found;
        break;
      }
      slot = (slot + 1) & mask;
    }
    if (entry < 0) {
      setResult(0, entry);
      return i;
    }
    if (indices !== 0) store<i32>(map + (index << 2), entry);
    store<i32>(to + (usize(i) << 2), entry);
  }
  return count;
}

/** See `Kernel.moveSlots`. */
export function moveSlots(from: usize, fromCount: i32, to: usize, toCount: i32): void {
  const mask = u32(toCount) - 1;
  for (let i: usize = 0; i < usize(fromCount) << 3; i += 8) {
    if (load<i32>(from + i) === 0) continue;
    let slot = load<u32>(from + i, 4) & mask;
    while (load<i32>(to + (usize(slot) << 3)) !== 0) slot = (slot + 1) & mask;
    store<u64>(to + (usize(slot) << 3), load<u64>(from + i));
  }
}
