// BYTE_STREAM_SPLIT (parquet-format, Encodings): the first byte of every value, then the second of every value, and so
// on. Sixteen values of four or eight bytes are done at a time.

// The first or second halves of two vectors in turn: one, two or four bytes of each.
function lo8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

function hi8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

function lo16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

function hi16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

function lo32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}

function hi32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}

// The bytes of two vectors with even or odd numbers.
function even(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

function odd(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

function decode4(from: usize, count: usize, to: usize): usize {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const at = from + i;
    const a = v128.load(at);
    const b = v128.load(at + count);
    const c = v128.load(at + count * 2);
    const d = v128.load(at + count * 3);
    const out = to + (i << 2);
    v128.store(out, lo16(lo8(a, b), lo8(c, d)));
    v128.store(out, hi16(lo8(a, b), lo8(c, d)), 16);
    v128.store(out, lo16(hi8(a, b), hi8(c, d)), 32);
    v128.store(out, hi16(hi8(a, b), hi8(c, d)), 48);
  }
  return i;
}

// Eight values, of which two, four and eight bytes are joined step by step.
function join8(ab: v128, cd: v128, ef: v128, gh: v128, out: usize): void {
  const abcd0 = lo16(ab, cd);
  const abcd1 = hi16(ab, cd);
  const efgh0 = lo16(ef, gh);
  const efgh1 = hi16(ef, gh);
  v128.store(out, lo32(abcd0, efgh0));
  v128.store(out, hi32(abcd0, efgh0), 16);
  v128.store(out, lo32(abcd1, efgh1), 32);
  v128.store(out, hi32(abcd1, efgh1), 48);
}

function decode8(from: usize, count: usize, to: usize): usize {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const at = from + i;
    const a = v128.load(at);
    const b = v128.load(at + count);
    const c = v128.load(at + count * 2);
    const d = v128.load(at + count * 3);
    const e = v128.load(at + count * 4);
    const f = v128.load(at + count * 5);
    const g = v128.load(at + count * 6);
    const h = v128.load(at + count * 7);
    join8(lo8(a, b), lo8(c, d), lo8(e, f), lo8(g, h), to + (i << 3));
    join8(hi8(a, b), hi8(c, d), hi8(e, f), hi8(g, h), to + (i << 3) + 64);
  }
  return i;
}

/** See `Kernel.splitDecode`. */
export function splitDecode(from: usize, width: i32, count: i32, to: usize): void {
  const n = usize(count);
  let first: usize = 0;
  if (width === 4) first = decode4(from, n, to);
  else if (width === 8) first = decode8(from, n, to);
  for (let k: usize = 0; k < usize(width); k++) {
    const stream = from + k * n;
    let out = to + first * usize(width) + k;
    for (let i = first; i < n; i++) {
      store<u8>(out, load<u8>(stream + i));
      out += usize(width);
    }
  }
}

function encode4(from: usize, count: usize, to: usize): usize {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const at = from + (i << 2);
    const p = v128.load(at);
    const q = v128.load(at, 16);
    const r = v128.load(at, 32);
    const s = v128.load(at, 48);
    const out = to + i;
    v128.store(out, even(even(p, q), even(r, s)));
    v128.store(out + count, even(odd(p, q), odd(r, s)));
    v128.store(out + count * 2, odd(even(p, q), even(r, s)));
    v128.store(out + count * 3, odd(odd(p, q), odd(r, s)));
  }
  return i;
}

function encode8(from: usize, count: usize, to: usize): usize {
  let i: usize = 0;
  for (; i + 16 <= count; i += 16) {
    const at = from + (i << 3);
    const e0 = even(v128.load(at), v128.load(at, 16));
    const o0 = odd(v128.load(at), v128.load(at, 16));
    const e1 = even(v128.load(at, 32), v128.load(at, 48));
    const o1 = odd(v128.load(at, 32), v128.load(at, 48));
    const e2 = even(v128.load(at, 64), v128.load(at, 80));
    const o2 = odd(v128.load(at, 64), v128.load(at, 80));
    const e3 = even(v128.load(at, 96), v128.load(at, 112));
    const o3 = odd(v128.load(at, 96), v128.load(at, 112));
    const out = to + i;
    putStreams(even(e0, e1), even(e2, e3), out, count);
    putStreams(even(o0, o1), even(o2, o3), out + count, count);
    putStreams(odd(e0, e1), odd(e2, e3), out + count * 2, count);
    putStreams(odd(o0, o1), odd(o2, o3), out + count * 3, count);
  }
  return i;
}

// Bytes k and k + 4 of sixteen values, in turn.
function putStreams(a: v128, b: v128, out: usize, count: usize): void {
  v128.store(out, even(a, b));
  v128.store(out + count * 4, odd(a, b));
}

/** See `Kernel.splitEncode`. */
export function splitEncode(from: usize, width: i32, count: i32, to: usize): void {
  const n = usize(count);
  let first: usize = 0;
  if (width === 4) first = encode4(from, n, to);
  else if (width === 8) first = encode8(from, n, to);
  for (let k: usize = 0; k < usize(width); k++) {
    const stream = to + k * n;
    let at = from + first * usize(width) + k;
    for (let i = first; i < n; i++) {
      store<u8>(stream + i, load<u8>(at));
      at += usize(width);
    }
  }
}
