import { isUtf8 } from 'node:buffer';
import { physicalType } from '../format.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';

/** How a bound of a column may be made shorter and stay a bound: as text, as bytes, or not at all. */
export type BoundKind = 'text' | 'bytes' | 'whole';

/** The kind of a leaf's bounds: only bytes of any length that compare as unsigned may be cut off. */
export function boundKindOf({ type, sortOrder, element }: LeafColumn): BoundKind {
  if (type !== physicalType.BYTE_ARRAY || sortOrder !== 'unsigned-bytes') return 'whole';
  const { logicalType, convertedType } = element;
  return logicalType === undefined && convertedType === undefined ? 'bytes' : 'text';
}

/**
 * The longest begin of a value that has at most `maxBytes` bytes: not greater than the value. A text is cut between two
 * characters.
 */
export function shortLowerBound(kind: BoundKind, value: Uint8Array, maxBytes: number): Uint8Array {
  if (kind === 'whole' || value.length <= maxBytes) return value;
  return value.subarray(0, kind === 'text' ? characterStart(value, maxBytes) : maxBytes);
}

/**
 * A value of about `maxBytes` bytes that is not less than the given one: its begin, the last character or byte of
 * which is replaced by the next one. The value itself where there is no such one.
 */
export function shortUpperBound(kind: BoundKind, value: Uint8Array, maxBytes: number): Uint8Array {
  if (kind === 'whole' || value.length <= maxBytes) return value;
  const start = shortLowerBound(kind, value, maxBytes);
  if (kind === 'text' && isUtf8(start)) return nextText(start) ?? value;
  return nextBytes(value.subarray(0, maxBytes)) ?? value;
}

/** Where the character begins that holds byte `at`; `at` itself where these are no characters. */
function characterStart(value: Uint8Array, at: number): number {
  for (let back = 0; back < 4 && at - back > 0; back++) {
    if (((value[at - back] as number) & 0xc0) !== 0x80) return at - back;
  }
  return at;
}

function nextBytes(bytes: Uint8Array): Uint8Array | undefined {
  for (let end = bytes.length; end > 0; end--) {
    const last = bytes[end - 1] as number;
    if (last === 255) continue;
    // Not `slice`, which of a Buffer is no copy.
    const next = Uint8Array.from(bytes.subarray(0, end));
    next[end - 1] = last + 1;
    return next;
  }
  return undefined;
}

// UTF-8 compares as its characters do.
function nextText(bytes: Uint8Array): Uint8Array | undefined {
  const characters = Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = (last.codePointAt(0) ?? 0) + 1;
    if (point > 0x10_ff_ff) continue;
    // Surrogates are no characters.
    const next = String.fromCodePoint(point === 0xd8_00 ? 0xe0_00 : point);
    return new TextEncoder().encode(characters.join('') + next);
  }
  return undefined;
}
