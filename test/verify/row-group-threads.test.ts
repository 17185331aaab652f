import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySource } from '../../src/core/byte-source.ts';
import { copyOfError, errorFromCopy } from '../../src/core/error-copy.ts';
import { FormatError, VerifyError } from '../../src/core/errors.ts';
import { joinFingerprints } from '../../src/parquet/fingerprint.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { fingerprintFile, fingerprintRowGroups } from '../../src/parquet/read/fingerprint-file.ts';
import {
  type RowGroupThreads,
  stretchCount,
  type VerifiedStretch,
  verifyRowGroups,
} from '../../src/verify/verify-row-groups.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import {
  asWritten,
  type MadeMerge,
  madeFile,
  madeMerge,
  madeRows,
  verificationOf,
} from '../support/made-files.ts';

const rows = madeRows(0, 2_300);
const inputs = [await madeFile('/data/a', rows.slice(0, 300)), await madeFile('/data/b', rows.slice(300))];
const made = await madeMerge(inputs, 100);
const source = memorySource('/data/staged', made.bytes);
const footer = await readFooter(source);

/** Threads that are none, but for what they share: the number of the next stretch. */
function threadsOver(
  bytes: Uint8Array,
  count: number,
  found: (stretches: readonly VerifiedStretch[]) => readonly VerifiedStretch[] = (stretches) => stretches,
): RowGroupThreads & { readonly taken: number[]; stopped: number } {
  const threads = {
    count,
    taken: [] as number[],
    stopped: 0,
    begin: (work: Parameters<RowGroupThreads['begin']>[0]) => {
      const staged = memorySource(work.stagedPath, bytes);
      const done = readFooter(staged)
        .then((own) => verifyRowGroups(staged, own, work))
        .then((stretches) => {
          threads.taken.push(stretches.length);
          return found(stretches);
        });
      done.catch(() => {});
      return {
        finish: () => done.catch((error: unknown) => Promise.reject(errorFromCopy(copyOfError(error)))),
        stop: async () => {
          threads.stopped++;
        },
      };
    },
  };
  return threads;
}

async function verify(made: MadeMerge, threads: RowGroupThreads): ReturnType<typeof verifyStagedFile> {
  return verifyStagedFile({ ...(await verificationOf(inputs, made)), threads });
}

test('what stretches of row groups hold is put together to what the file holds', async () => {
  assert.equal(footer.rowGroups.length, 23);
  const { columns } = await fingerprintFile(source, footer);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 22 }), { maxLength: 6 }), async (cuts) => {
      const borders = [0, ...cuts.sort((a, b) => a - b), 23];
      const parts = [];
      for (const [i, to] of borders.slice(1).entries()) {
        parts.push(await fingerprintRowGroups(source, footer, { from: borders[i] ?? 0, to }));
      }
      assert.deepEqual(joinFingerprints(footer.leaves, parts), columns);
      // In another order they hold something else.
      if (parts.length > 1) assert.notDeepEqual(joinFingerprints(footer.leaves, parts.reverse()), columns);
    }),
    { numRuns: 25 },
  );
});

test('any number of threads comes to the same receipt, and each stretch is decoded once', async () => {
  const alone = await verify(made, threadsOver(made.bytes, 1));
  assert.equal(alone.receipt.level, 'full');
  for (const count of [2, 3, 5, 40]) {
    const threads = threadsOver(made.bytes, count);
    const { receipt } = await verify(made, threads);
    assert.deepEqual(receipt, alone.receipt);
    const others = threads.taken.reduce((sum, one) => sum + one, 0);
    assert.ok(others > 0 && others <= stretchCount(23, Math.min(count, 23)), `${others} stretches elsewhere`);
    assert.ok(threads.stopped >= Math.min(count, 23) - 1);
  }
});

test('a thread that leaves a stretch out, or decodes one twice, proves nothing', async () => {
  for (const change of [
    (stretches: readonly VerifiedStretch[]) => stretches.slice(1),
    (stretches: readonly VerifiedStretch[]) => [...stretches, ...stretches.slice(0, 1)],
    (stretches: readonly VerifiedStretch[]) => stretches.map((one) => ({ ...one, number: one.number + 1 })),
  ]) {
    await assert.rejects(
      verify(made, threadsOver(made.bytes, 3, change)),
      /stretches of row groups were decoded/,
    );
  }
});

test('what is wrong is found whoever decodes it, and every thread is stopped', async () => {
  const bytes = made.bytes.slice();
  const chunk = footer.rowGroups[17]?.chunks[2];
  assert.ok(chunk);
  // A bit of a coordinate, with the checksums as if it had been written so.
  const at = chunk.startOffsetBytes + chunk.compressedSizeBytes - 3;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const damaged = { ...made, bytes, written: await asWritten(bytes) };
  for (const count of [1, 2, 4]) {
    const threads = threadsOver(bytes, count);
    await assert.rejects(verify(damaged, threads), (error) => {
      assert.ok(error instanceof VerifyError || error instanceof FormatError, String(error));
      assert.match(error.message, /row group 17.*column lat/);
      return true;
    });
    assert.ok(threads.stopped >= count - 1);
  }
});

test('an error of the verification is the same in another thread', () => {
  const error = new VerifyError('verified x: found y', { code: 'statistics', hint: 'h', dataState: 'd' });
  const copy = errorFromCopy(structuredClone(copyOfError(error)));
  assert.ok(copy instanceof VerifyError);
  assert.deepEqual(
    [copy.message, copy.code, copy.hint, copy.dataState],
    [error.message, 'statistics', 'h', 'd'],
  );
});
