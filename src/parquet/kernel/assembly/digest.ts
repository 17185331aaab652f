// Hashes of values and digests over them; what they are is said in ../kernel.ts.

// In halves, since a literal of 64 bits is a lie in TypeScript's grammar.
const ADDED: u64 = (u64(0x9e3779b9) << 32) | u64(0x7f4a7c15);
const FACTOR_1: u64 = (u64(0xbf58476d) << 32) | u64(0x1ce4e5b9);
const FACTOR_2: u64 = (u64(0x94d049bb) << 32) | u64(0x133111eb);
/** 3 modulo 8: K^d - 1 then has the fewest factors of two, see `Kernel.digestHashes`. */
const K: u64 = (u64(0xd1342543) << 32) | u64(0xde82ef93);

function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * FACTOR_1;
  x = (x ^ (x >> 27)) * FACTOR_2;
  return x ^ (x >> 31);
}

function hashBytes(from: usize, length: u32): u64 {
  let h: u64 = (u64(length) + 1) * ADDED;
  const end = from + usize(length);
  for (; from + 8 <= end; from += 8) {
    h = (h ^ load<u64>(from)) * FACTOR_1;
    h ^= h >> 32;
  }
  let tail: u64 = 0;
  for (let shift: u64 = 0; from < end; from++, shift += 8) tail |= u64(load<u8>(from)) << shift;
  return mix((h ^ tail) * FACTOR_2);
}

// hashBytes of one byte.
function hashByte(byte: u64): u64 {
  return mix(((u64(2) * ADDED) ^ byte) * FACTOR_2);
}

/** See `Kernel.hashFixed`. */
export function hashFixed(width: i32, bytes: usize, count: i32, to: usize): void {
  const end = to + (usize(count) << 3);
  if (width === 4) {
    for (; to < end; to += 8, bytes += 4) store<u64>(to, mix(u64(load<u32>(bytes)) + ADDED));
  } else if (width === 8) {
    for (; to < end; to += 8, bytes += 8) store<u64>(to, mix(load<u64>(bytes) + ADDED));
  } else if (width === 1) {
    // Booleans: there are two hashes.
    const zero = hashByte(0);
    const one = hashByte(1);
    for (; to < end; to += 8, bytes++) {
      const byte = u64(load<u8>(bytes));
      store<u64>(to, byte === 0 ? zero : byte === 1 ? one : hashByte(byte));
    }
  } else {
    for (; to < end; to += 8, bytes += usize(width)) store<u64>(to, hashBytes(bytes, u32(width)));
  }
}

/** See `Kernel.hashVariable`. */
export function hashVariable(bytes: usize, offsets: usize, count: i32, to: usize): void {
  const end = to + (usize(count) << 3);
  for (; to < end; to += 8, offsets += 4) {
    const start = load<u32>(offsets) + 4;
    store<u64>(to, hashBytes(bytes + usize(start), load<u32>(offsets + 4) - start));
  }
}

/** See `Kernel.digestHashes`. */
export function digestHashes(state: usize, hashes: usize, count: i32): void {
  let digest = load<u64>(state);
  const end = hashes + (usize(count) << 3);
  // Four at a time, so that one multiplication need not wait for the one before.
  const k2 = K * K;
  const k3 = k2 * K;
  const k4 = k3 * K;
  for (; hashes + 32 <= end; hashes += 32) {
    const a = load<u64>(hashes) * k3 + load<u64>(hashes + 8) * k2;
    const b = load<u64>(hashes + 16) * K + load<u64>(hashes + 24);
    digest = digest * k4 + (a + b);
  }
  for (; hashes < end; hashes += 8) digest = digest * K + load<u64>(hashes);
  store<u64>(state, digest);
}

/** See `Kernel.digestIndexed`. */
export function digestIndexed(state: usize, indices: usize, hashes: usize, count: i32): void {
  let digest = load<u64>(state);
  const end = indices + (usize(count) << 2);
  const k2 = K * K;
  const k3 = k2 * K;
  const k4 = k3 * K;
  for (; indices + 16 <= end; indices += 16) {
    const a = load<u64>(hashes + (usize(load<u32>(indices)) << 3)) * k3;
    const b = load<u64>(hashes + (usize(load<u32>(indices + 4)) << 3)) * k2;
    const c = load<u64>(hashes + (usize(load<u32>(indices + 8)) << 3)) * K;
    const d = load<u64>(hashes + (usize(load<u32>(indices + 12)) << 3));
    digest = digest * k4 + (a + b + (c + d));
  }
  for (; indices < end; indices += 4)
    digest = digest * K + load<u64>(hashes + (usize(load<u32>(indices)) << 3));
  store<u64>(state, digest);
}

function levelItem(repetition: u32, definition: u32): u64 {
  return u64(((repetition << 8) | definition) + 1);
}

function itemAt(repetition: usize, definition: usize, i: usize): u64 {
  return levelItem(repetition === 0 ? 0 : u32(load<u8>(repetition + i)), u32(load<u8>(definition + i)));
}

const EIGHT_ONES: u64 = (u64(0x01010101) << 32) | u64(0x01010101);

/** See `Kernel.digestLevels`. */
export function digestLevels(state: usize, repetition: usize, definition: usize, count: i32): void {
  let digest = load<u64>(state);
  const k2 = K * K;
  const k3 = k2 * K;
  const k4 = k3 * K;
  const k8 = k4 * k4;
  // What eight entries of level 1 add, which is what most are of a column that may be null.
  const ones = levelItem(0, 1) * ((k3 + k2 + K + 1) * (k4 + 1));
  let i: usize = 0;
  while (i + 8 <= usize(count)) {
    if (repetition === 0 && load<u64>(definition + i) === EIGHT_ONES) {
      digest = digest * k8 + ones;
      i += 8;
      continue;
    }
    const end = i + 8;
    for (; i < end; i += 4) {
      const a = itemAt(repetition, definition, i) * k3 + itemAt(repetition, definition, i + 1) * k2;
      const b = itemAt(repetition, definition, i + 2) * K + itemAt(repetition, definition, i + 3);
      digest = digest * k4 + (a + b);
    }
  }
  for (; i + 4 <= usize(count); i += 4) {
    const a = itemAt(repetition, definition, i) * k3 + itemAt(repetition, definition, i + 1) * k2;
    const b = itemAt(repetition, definition, i + 2) * K + itemAt(repetition, definition, i + 3);
    digest = digest * k4 + (a + b);
  }
  for (; i < usize(count); i++) digest = digest * K + itemAt(repetition, definition, i);
  store<u64>(state, digest);
}

/** See `Kernel.digestLevelRun`. */
export function digestLevelRun(state: usize, definition: i32, count: f64): void {
  // One step is x -> K x + item. Such steps compose to x -> p x + q, so n of them are found by repeated squaring.
  let digest = load<u64>(state);
  let p = K;
  let q = levelItem(0, u32(definition));
  for (let n = u64(count); n > 0; n >>= 1) {
    if ((n & 1) !== 0) digest = digest * p + q;
    q = p * q + q;
    p *= p;
  }
  store<u64>(state, digest);
}
