/**
 * What one leaf column holds, independent of row groups, pages, encodings and compression: two columns with equal
 * fingerprints hold the same values and nulls in the same order and nesting.
 */
export interface ColumnFingerprint {
  /** Dotted path of the leaf. */
  readonly path: string;
  /** Level entries: values and nulls (and empty lists). */
  readonly values: number;
  /** Level entries without a value. */
  readonly nulls: number;
  /** 16 hex digits over repetition and definition levels, in order. */
  readonly levelDigest: string;
  /** 16 hex digits over the logical values, in order. */
  readonly valueDigest: string;
  /** PLAIN bytes (without length) of the least value; absent when the type has no order or there is no value. */
  readonly min?: Uint8Array;
  /** PLAIN bytes of the greatest value. */
  readonly max?: Uint8Array;
}

/**
 * Order-preserving digests under way: D = D * K + H(item), mod 2^32, in two lanes with their own K and H. The
 * form lets digests of parts be put together later: D(ab) = D(a) * K^|b| + D(b).
 */
export interface DigestState {
  levelsA: number;
  levelsB: number;
  valuesA: number;
  valuesB: number;
  entries: number;
  present: number;
}

const factorA = 0x01000193;
const factorB = 0x6c078965;

/** The state over nothing. */
export function emptyDigest(): DigestState {
  return { levelsA: 0, levelsB: 0, valuesA: 0, valuesB: 0, entries: 0, present: 0 };
}

/** Adds values by their hashes. */
export function digestHashes(state: DigestState, first: Int32Array, second: Int32Array, count: number): void {
  let a = state.valuesA;
  let b = state.valuesB;
  for (let i = 0; i < count; i++) {
    a = (Math.imul(a, factorA) + (first[i] as number)) | 0;
    b = (Math.imul(b, factorB) + (second[i] as number)) | 0;
  }
  state.valuesA = a;
  state.valuesB = b;
  state.present += count;
}

/** Adds values by their dictionary indices and the hashes of the dictionary's entries. Indices must be in range. */
export function digestIndexed(
  state: DigestState,
  indices: Int32Array,
  count: number,
  first: Int32Array,
  second: Int32Array,
): void {
  let a = state.valuesA;
  let b = state.valuesB;
  for (let i = 0; i < count; i++) {
    const index = indices[i] as number;
    a = (Math.imul(a, factorA) + (first[index] as number)) | 0;
    b = (Math.imul(b, factorB) + (second[index] as number)) | 0;
  }
  state.valuesA = a;
  state.valuesB = b;
  state.present += count;
}

/** Adds level entries; `repetition` is undefined for a column that is not repeated. */
export function digestLevels(
  state: DigestState,
  repetition: Int32Array | undefined,
  definition: Int32Array,
  count: number,
): void {
  let a = state.levelsA;
  let b = state.levelsB;
  for (let i = 0; i < count; i++) {
    const item = levelItem(repetition === undefined ? 0 : (repetition[i] as number), definition[i] as number);
    a = (Math.imul(a, factorA) + item) | 0;
    b = (Math.imul(b, factorB) + Math.imul(item, 0x9e3779b1)) | 0;
  }
  state.levelsA = a;
  state.levelsB = b;
  state.entries += count;
}

/** Adds `count` times the same level entry in about log2(count) steps; the result is that of adding them singly. */
export function digestLevelRun(
  state: DigestState,
  repetition: number,
  definition: number,
  count: number,
): void {
  const item = levelItem(repetition, definition);
  state.levelsA = appendRun(state.levelsA, factorA, item, count);
  state.levelsB = appendRun(state.levelsB, factorB, Math.imul(item, 0x9e3779b1), count);
  state.entries += count;
}

/** The digests as hex. */
export function digestText(state: DigestState): { levelDigest: string; valueDigest: string } {
  return {
    levelDigest: hex(state.levelsA) + hex(state.levelsB),
    valueDigest: hex(state.valuesA) + hex(state.valuesB),
  };
}

function levelItem(repetition: number, definition: number): number {
  return ((repetition << 8) | definition) + 1;
}

// One step is x -> K x + item. Such steps compose to x -> p x + q, so n of them are found by repeated squaring.
function appendRun(digest: number, factor: number, item: number, count: number): number {
  let p = factor;
  let q = item;
  for (let n = count; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) digest = (Math.imul(digest, p) + q) | 0;
    q = (Math.imul(p, q) + q) | 0;
    p = Math.imul(p, p);
  }
  return digest;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
