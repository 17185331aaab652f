// XXH64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/v0.7.0/doc/xxhash_spec.md): what Bloom filters are made of.

// In halves, since a literal of 64 bits is a lie in TypeScript's grammar.
const PRIME_1: u64 = (u64(0x9e3779b1) << 32) | u64(0x85ebca87);
const PRIME_2: u64 = (u64(0xc2b2ae3d) << 32) | u64(0x27d4eb4f);
const PRIME_3: u64 = (u64(0x165667b1) << 32) | u64(0x9e3779f9);
const PRIME_4: u64 = (u64(0x85ebca77) << 32) | u64(0xc2b2ae63);
const PRIME_5: u64 = (u64(0x27d4eb2f) << 32) | u64(0x165667c5);

function round(lane: u64, word: u64): u64 {
  return rotl<u64>(lane + word * PRIME_2, 31) * PRIME_1;
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
}

function hashBytes(from: usize, length: u32): u64 {
  const end = from + usize(length);
  let hash: u64 = PRIME_5;
  if (length >= 32) {
    let a: u64 = PRIME_1 + PRIME_2;
    let b: u64 = PRIME_2;
    let c: u64 = 0;
    let d: u64 = 0 - PRIME_1;
    for (; from + 32 <= end; from += 32) {
      a = round(a, load<u64>(from));
      b = round(b, load<u64>(from + 8));
      c = round(c, load<u64>(from + 16));
      d = round(d, load<u64>(from + 24));
    }
    hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    hash = merge(merge(merge(merge(hash, a), b), c), d);
  }
  hash += u64(length);
  for (; from + 8 <= end; from += 8) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(from)), 27) * PRIME_1 + PRIME_4;
  }
  if (from + 4 <= end) {
    hash = rotl<u64>(hash ^ (u64(load<u32>(from)) * PRIME_1), 23) * PRIME_2 + PRIME_3;
    from += 4;
  }
  for (; from < end; from++) hash = rotl<u64>(hash ^ (u64(load<u8>(from)) * PRIME_5), 11) * PRIME_1;
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

/** See `Kernel.hashForBloom`. */
export function hashForBloom(width: i32, bytes: usize, offsets: usize, count: i32, to: usize): void {
  const end = to + (usize(count) << 3);
  if (width > 0) {
    for (; to < end; to += 8, bytes += usize(width)) store<u64>(to, hashBytes(bytes, u32(width)));
  } else {
    for (; to < end; to += 8, offsets += 4) {
      const start = load<u32>(offsets) + 4;
      store<u64>(to, hashBytes(bytes + usize(start), load<u32>(offsets, 4) - start));
    }
  }
}
