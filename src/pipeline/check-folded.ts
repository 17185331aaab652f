import { createHash } from 'node:crypto';
import type { ByteSource } from '../core/byte-source.ts';
import { VerifyError } from '../core/errors.ts';
import type { FoldPiece, FoldTail } from '../parquet/fold/fold-tail-maker.ts';
import { skimTail } from '../parquet/fold/skim-tail.ts';
import { readFooter } from '../parquet/footer.ts';
import { chunkNumber, numbersPerChunk } from '../parquet/kernel/kernel.ts';
import { chunkNumbersOf } from '../parquet/metadata/chunk-numbers.ts';
import type { RowGroup } from '../parquet/metadata/row-group.ts';

/**
 * Proves that a footer tail, read as the end of a file of `beforeBytes` and itself, describes the row groups of all
 * pieces where they lie. To be called before a reader can see it.
 * @throws VerifyError `tail-wrong`; FormatError when it is no footer at all
 */
export async function checkFolded(
  path: string,
  tail: Uint8Array,
  beforeBytes: number,
  pieces: readonly FoldPiece[],
): Promise<void> {
  const footer = await readFooter(endOfFile(path, tail, beforeBytes));
  const expected = pieces.flatMap((piece) =>
    piece.footer.rowGroups.map((rowGroup) => ({ rowGroup, offsetBytes: piece.offsetBytes })),
  );
  const rows = pieces.reduce((sum, piece) => sum + piece.footer.rows, 0);
  expect(path, 'rows', rows, footer.rows);
  expect(path, 'row groups', expected.length, footer.rowGroups.length);
  expect(path, 'schema', pieces[0]?.footer.schemaKey, footer.schemaKey);
  for (const [index, { rowGroup, offsetBytes }] of expected.entries()) {
    const found = footer.rowGroups[index];
    expect(path, `rows of row group ${index}`, rowGroup.rows, found?.rows);
    if (found !== undefined) checkChunks(path, index, rowGroup, offsetBytes, found);
  }
}

const checked = [
  ['start', chunkNumber.startOffsetBytes],
  ['length', chunkNumber.compressedSizeBytes],
  ['values', chunkNumber.valueCount],
] as const;

/** By their numbers: an object for each chunk of thousands of files would be tens of thousands of objects. */
function checkChunks(
  path: string,
  index: number,
  rowGroup: RowGroup,
  offsetBytes: number,
  found: RowGroup,
): void {
  const numbers = chunkNumbersOf(rowGroup);
  const moved = chunkNumbersOf(found);
  expect(path, `column chunks of row group ${index}`, numbers.length, moved.length);
  for (let place = 0; place < numbers.length; place += numbersPerChunk) {
    for (const [what, number] of checked) {
      const shiftBytes = number === chunkNumber.startOffsetBytes ? offsetBytes : 0;
      const expected = (numbers[place + number] as number) + shiftBytes;
      if (expected === moved[place + number]) continue;
      const column = place / numbersPerChunk;
      expect(path, `${what} of row group ${index}, column ${column}`, expected, moved[place + number]);
    }
  }
}

/** Tails whose row groups are the first ones of a later tail's. */
export interface EarlierTails {
  /** Remembers a tail, of these pieces, and checks all but the structs of its row groups. @throws VerifyError, FormatError */
  add(path: string, tail: FoldTail, pieces: readonly FoldPiece[]): void;
  /** Proves of all of them that they begin as this tail does, which was checked whole. @throws VerifyError */
  check(whole: FoldTail): void;
}

/** Proves tails without decoding row groups again that a later one has too. */
export function earlierTails(): EarlierTails {
  const tails: {
    readonly path: string;
    readonly length: number;
    readonly digest: string;
    readonly schema: string;
  }[] = [];
  return {
    add(path, tail, pieces) {
      const found = skimTail(path, tail);
      const rowGroups = pieces.reduce((sum, { footer }) => sum + footer.rowGroups.length, 0);
      const rows = pieces.reduce((sum, { footer }) => sum + footer.rows, 0);
      expect(path, 'rows', rows, found.rows);
      expect(path, 'row groups', rowGroups, found.rowGroups);
      const length = tail.rowGroupsLength;
      tails.push({ path, length, digest: rowGroupsDigest(tail, length), schema: digestOf(found.schema) });
    },
    check(whole) {
      const schema = digestOf(skimTail('the last tail', whole).schema);
      for (const { path, length, digest, schema: found } of tails) {
        expect(path, 'schema', schema, found);
        expect(path, 'row groups', rowGroupsDigest(whole, length), digest);
      }
    },
  };
}

function rowGroupsDigest({ bytes, rowGroupsAt, rowGroupsLength }: FoldTail, length: number): string {
  return length > rowGroupsLength ? '' : digestOf(bytes.subarray(rowGroupsAt, rowGroupsAt + length));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function endOfFile(name: string, tail: Uint8Array, beforeBytes: number): ByteSource {
  return {
    name,
    sizeBytes: beforeBytes + tail.length,
    read: async (offsetBytes, lengthBytes) => {
      const start = offsetBytes - beforeBytes;
      // What lies before the tail is not here; a footer that reaches into it is wrong, and zeros say so.
      const bytes = new Uint8Array(lengthBytes);
      bytes.set(tail.subarray(Math.max(0, start), Math.max(0, start + lengthBytes)), Math.max(0, -start));
      return bytes;
    },
    close: async () => {},
  };
}

function expect(path: string, what: string, expected: unknown, found: unknown): void {
  if (expected === found) return;
  throw new VerifyError(
    `the footer made for ${path} is wrong: ${what}: expected ${String(expected)}, found ${String(found)}`,
    {
      code: 'tail-wrong',
      dataState: 'the originals are untouched',
      hint: 'report it together with the input files',
    },
  );
}
