import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError, VerifyError } from '../../src/core/errors.ts';
import { foldTailMaker } from '../../src/parquet/fold/fold-tail-maker.ts';
import { checkFolded, earlierTails } from '../../src/pipeline/check-folded.ts';
import { inputOf } from '../parquet/merging.ts';
import { smallFiles } from '../support/hdfs-seed.ts';

test('a tail is held against the footers of the inputs, and an earlier one against the last', async () => {
  const files = await smallFiles(3, { rowsPerFile: 5 });
  const inputs = await Promise.all(files.map(({ name, bytes }) => inputOf(bytes, name)));
  const footers = inputs.map(({ footer }) => footer);
  const pieces = footers.map((footer, i) => ({ footer, offsetBytes: 500 + i * 10_000 }));
  const frame = { keyValues: [], createdBy: 'somebody', padBytes: 0 };
  const maker = foldTailMaker(footers);
  const made = pieces.map((piece) => {
    maker.add(piece);
    return maker.tail(frame);
  });
  const [first, second, last] = made;
  assert.ok(first !== undefined && second !== undefined && last !== undefined);
  const beforeBytes = 40_000;
  const check = async (changed: Partial<Record<0 | 1 | 2, Uint8Array>>): Promise<void> => {
    const tails = earlierTails();
    for (const [step, tail] of [first, second].entries()) {
      const bytes = changed[step === 0 ? 0 : 1] ?? tail.bytes;
      tails.add(`tail ${step}`, { ...tail, bytes }, pieces.slice(0, step + 1));
    }
    const bytes = changed[2] ?? last.bytes;
    await checkFolded('the last', bytes, beforeBytes, pieces);
    tails.check({ ...last, bytes });
  };
  await check({});

  const isSaid = (error: unknown): boolean => error instanceof VerifyError || error instanceof FormatError;
  const { rowGroupsAt, rowGroupsLength, bytes } = second;
  for (let at = rowGroupsAt; at < rowGroupsAt + rowGroupsLength; at++) {
    await assert.rejects(check({ 1: flipped(bytes, at) }), isSaid, `byte ${at} of the second tail`);
  }
  // The length of the footer, and the magic behind it.
  for (let at = bytes.length - 8; at < bytes.length; at++) {
    await assert.rejects(check({ 1: flipped(bytes, at) }), isSaid, `byte ${at} of the second tail`);
  }
  const schemaAt = Buffer.from(bytes).indexOf('policy_id');
  await assert.rejects(check({ 1: flipped(bytes, schemaAt) }), isSaid);
  // That of fewer, or of more files than it is for.
  await assert.rejects(check({ 1: first.bytes }), isSaid);
  await assert.rejects(check({ 0: second.bytes }), isSaid);
  await assert.rejects(check({ 2: second.bytes }), isSaid);
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 4;
  return copy;
}
