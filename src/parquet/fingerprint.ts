import { emptyExtremes, mergeExtremes } from './extremes.ts';
import { type Room, type Rooms, reserve } from './kernel/rooms.ts';
import type { LeafColumn } from './metadata/leaf-column.ts';

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
 * Order-preserving digests under way: D = D * K + H(item), modulo 2^64 (`Kernel.digestHashes`). The form lets digests
 * of parts be put together later: D(ab) = D(a) * K^|b| + D(b).
 */
export interface DigestState {
  /** Addresses of the digest over levels and of that over values, 8 bytes each. */
  readonly levelsAt: number;
  readonly valuesAt: number;
  entries: number;
  present: number;
}

const stateBytes = 16;

/** A state over nothing for each leaf, in a room that moves no more. */
export function emptyDigests(
  rooms: Rooms,
  room: Room,
  leaves: readonly LeafColumn[],
): readonly { readonly leaf: LeafColumn; readonly digest: DigestState }[] {
  const sizeBytes = leaves.length * stateBytes;
  const at = reserve(rooms, room, sizeBytes);
  rooms.kernel.memory.bytes.fill(0, at, at + sizeBytes);
  return leaves.map((leaf, i) => {
    const levelsAt = at + i * stateBytes;
    return { leaf, digest: { levelsAt, valuesAt: levelsAt + 8, entries: 0, present: 0 } };
  });
}

/** The digests as hex. */
export function digestText(
  { kernel }: Rooms,
  state: DigestState,
): { levelDigest: string; valueDigest: string } {
  const text = (at: number): string => {
    const low = kernel.memory.words[at / 4] as number;
    const high = kernel.memory.words[at / 4 + 1] as number;
    return hex(high) + hex(low);
  };
  return { levelDigest: text(state.levelsAt), valueDigest: text(state.valuesAt) };
}

/** The factor of the digests, as the kernel has it. */
const factor = 0xd1342543de82ef93n;

/**
 * The fingerprint of parts of a file that follow each other, column by column: as if they had been read in one go.
 * @param parts at least one; each has a fingerprint for every leaf, in order
 */
export function joinFingerprints(
  leaves: readonly LeafColumn[],
  parts: readonly (readonly ColumnFingerprint[])[],
): readonly ColumnFingerprint[] {
  return leaves.map(({ index, path, sortOrder }) => {
    const extremes = emptyExtremes(sortOrder);
    let values = 0;
    let nulls = 0;
    let levels = 0n;
    let digest = 0n;
    for (const part of parts) {
      const own = part[index];
      if (own?.path !== path) throw new Error(`no fingerprint of column ${path}`);
      levels = joined(levels, own.levelDigest, own.values);
      digest = joined(digest, own.valueDigest, own.values - own.nulls);
      values += own.values;
      nulls += own.nulls;
      mergeExtremes(extremes, own.min, own.max);
    }
    const { min, max } = extremes;
    return {
      path,
      values,
      nulls,
      levelDigest: levels.toString(16).padStart(16, '0'),
      valueDigest: digest.toString(16).padStart(16, '0'),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    };
  });
}

// D(ab) = D(a) * K^|b| + D(b), modulo 2^64.
function joined(before: bigint, digest: string, count: number): bigint {
  let power = 1n;
  let square = factor;
  for (let n = BigInt(count); n > 0n; n >>= 1n) {
    if ((n & 1n) === 1n) power = BigInt.asUintN(64, power * square);
    square = BigInt.asUintN(64, square * square);
  }
  return BigInt.asUintN(64, before * power + BigInt(`0x${digest}`));
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
