import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { encoding } from '../../src/parquet/format.ts';
import { leafBytes, leafWord, numbersPerChunk } from '../../src/parquet/kernel/kernel.ts';
import { type ColumnChunk, statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import { type RowGroup, readRowGroups } from '../../src/parquet/metadata/row-group.ts';
import { readUsualRowGroups } from '../../src/parquet/metadata/usual-row-groups.ts';
import {
  beginStruct,
  compactCursor,
  nextField,
  skipField,
  wireType,
} from '../../src/parquet/thrift/compact-reader.ts';
import {
  compactWriter,
  putBinary,
  putListHeader,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';
import { foreignFile } from './foreign-file.ts';
import { bothKernels, bytesAt, freshRooms, madeRoom, placed, placedWords, wordsAt } from './kernels.ts';
import { inputOf, mergeBytes } from './merging.ts';
import { randomFields, randomRows } from './model.ts';
import { type RandomSource, randomSource } from './random-source.ts';

/** Footer bytes, where the list of row groups begins in them, and what they must fit. */
interface Case {
  readonly bytes: Uint8Array;
  readonly position: number;
  readonly listEnd: number;
  readonly leaves: readonly LeafColumn[];
  readonly dataEndBytes: number;
}

async function caseOf(random: RandomSource): Promise<Case> {
  const fields = randomFields(random, 3);
  const groups = Array.from({ length: random.below(4) }, () =>
    randomRows(random, fields, random.below(random.pick([2, 20]))),
  );
  let file = foreignFile(fields, groups, random.word(), { isModern: random.chance(50) }).bytes;
  // One of ours has page indexes, Bloom filters and size statistics.
  if (random.chance(40)) {
    const bloomFilterColumns = (await inputOf(file)).footer.leaves.map(({ path }) => path);
    file = (await mergeBytes([file], { rowGroupRows: random.pick([3, 50_000]), bloomFilterColumns })).bytes;
  }
  const { footer } = await inputOf(file);
  const dataEndBytes = file.length - footer.footerSizeBytes;
  const bytes = file.slice(dataEndBytes, file.length - 8);
  const c = compactCursor(bytes);
  beginStruct(c);
  while (nextField(c) && c.fieldId !== 4) skipField(c);
  const { position } = c;
  skipField(c);
  return { bytes, position, listEnd: c.position, leaves: footer.leaves, dataEndBytes };
}

/** What is the same whoever has read it. */
function told({
  rows,
  totalSizeBytes,
  isSorted,
  hasChunkKeyValues,
  numbers,
  bytes,
  chunks,
}: RowGroup): object {
  return {
    rows,
    totalSizeBytes,
    isSorted,
    hasChunkKeyValues,
    numbers: [...(numbers ?? [])],
    bytes: Buffer.from(bytes).toString('hex'),
    chunks: chunks.map((chunk: ColumnChunk) => {
      const { statisticsAt: _, footerBytes: __, ...others } = chunk;
      return { ...others, statistics: statisticsOrProblem(chunk) };
    }),
  };
}

function statisticsOrProblem(chunk: ColumnChunk): unknown {
  try {
    return statisticsOf(chunk);
  } catch (error) {
    assert.ok(error instanceof FormatError);
    return error.message;
  }
}

const knownEncodings: ReadonlySet<number> = new Set(Object.values(encoding));

/** Reads them in the kernel; where that is done, it must be what is read without, and lie in the file. */
function assertReadAlike({ bytes, position, leaves, dataEndBytes }: Case): boolean {
  const usual = readUsualRowGroups(bytes, position, leaves, dataEndBytes);
  if (usual === undefined) return false;
  const c = compactCursor(bytes, position);
  c.fieldType = wireType.LIST;
  const expected = readRowGroups(c, leaves);
  assert.deepEqual(usual.rowGroups.map(told), expected.map(told));
  assert.equal(position + usual.sizeBytes, c.position);
  for (const { rows, chunks } of expected) {
    for (const [i, { valueCount, startOffsetBytes, compressedSizeBytes, encodings }] of chunks.entries()) {
      assert.ok(encodings.every((one) => knownEncodings.has(one)));
      assert.ok(valueCount === 0 || startOffsetBytes + compressedSizeBytes <= dataEndBytes);
      assert.ok(valueCount === rows || (rows > 0 && (leaves[i]?.maxRepetitionLevel ?? 0) > 0));
    }
  }
  return true;
}

const kernels = bothKernels();

/** What the kernels make of it. */
function readInBoth({ bytes, position, leaves, dataEndBytes }: Case): void {
  const [built, reference] = kernels.map((kernel) => {
    const rooms = freshRooms(kernel);
    const words = leaves.flatMap((leaf) => {
      const w = compactWriter();
      putListHeader(w, wireType.BINARY, leaf.pathNames.length);
      for (const name of leaf.pathNames) putBinary(w, Buffer.from(name));
      const path = writtenBytes(w);
      const ofLeaf: number[] = Array.from({ length: leafBytes / 4 }, () => 0);
      ofLeaf[leafWord.type] = leaf.type;
      ofLeaf[leafWord.isFlat] = leaf.maxRepetitionLevel === 0 ? 1 : 0;
      ofLeaf[leafWord.pathAt] = placed(rooms, path).at;
      ofLeaf[leafWord.pathBytes] = path.length;
      return ofLeaf;
    });
    const leavesAt = placedWords(rooms, words).at;
    const from = placed(rooms, bytes.subarray(position)).at;
    const end = from + bytes.length - position;
    const to = madeRoom(rooms, 65_536).at;
    const count = kernel.readRowGroups(from, end, leavesAt, leaves.length, dataEndBytes, to, to + 65_536);
    if (count < 0) return 'unusual';
    const numbers = bytesAt(kernel, to, count * (leaves.length + 1) * numbersPerChunk * 8);
    return [count, ...wordsAt(kernel, 0, 1), Buffer.from(numbers).toString('hex')];
  });
  assert.deepEqual(built, reference);
}

test('row groups are read in the kernel as they are read without', async () => {
  let usual = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const one = await caseOf(randomSource(seed));
      if (assertReadAlike(one)) usual++;
      readInBoth(one);
    }),
    { numRuns: 100 },
  );
  assert.ok(usual > 60, `${usual} of 100 were usual`);
});

test('damaged row groups are left to be read without the kernel, or are the same', async () => {
  let usual = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const one = await caseOf(random);
      const { bytes, position, listEnd } = one;
      for (let times = 0; times < 10; times++) {
        const damaged = bytes.slice();
        for (let i = 0; i <= random.below(2); i++) {
          const at = position + random.below(listEnd - position);
          damaged[at] = random.chance(50)
            ? random.below(256)
            : (damaged[at] as number) ^ (1 << random.below(8));
        }
        const cut = random.chance(10)
          ? damaged.slice(0, position + random.below(listEnd - position))
          : damaged;
        const mutant = { ...one, bytes: cut };
        if (assertReadAlike(mutant)) usual++;
        readInBoth(mutant);
      }
    }),
    { numRuns: 50 },
  );
  assert.ok(usual > 10, `${usual} of 500 were usual`);
});
