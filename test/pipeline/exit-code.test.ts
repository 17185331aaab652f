import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../src/core/exit-codes.ts';
import { exitCodeOf } from '../../src/telemetry/exit-code.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';

function resultWith(
  result: PartitionResult['result'],
  exitCode?: (typeof exitCodes)[keyof typeof exitCodes],
): PartitionResult {
  return {
    date: '2025-08-15',
    partitionPath: '/d/date=2025-08-15',
    result,
    rule: 'x',
    reason: 'x',
    filesBefore: 0,
    bytesBefore: 0,
    rows: 0,
    filesAfter: 0,
    filesKept: 0,
    bytesKept: 0,
    outputs: [],
    phaseMs: {},
    durationMs: 0,
    warnings: [],
    ...(exitCode === undefined ? {} : { error: { code: 'x', exitCode, message: 'x', dataState: 'x' } }),
  };
}

const done = resultWith('consolidated');
const refused = resultWith('refused');

test('one partition ends with its own code', () => {
  for (const result of ['consolidated', 'planned', 'nothing', 'waiting'] as const) {
    assert.equal(exitCodeOf([resultWith(result)]), 0, result);
  }
  assert.equal(exitCodeOf([refused]), 12);
  for (const code of [1, 2, 10, 11, 12, 13, 14, 130, 143] as const) {
    assert.equal(exitCodeOf([resultWith('failed', code)]), code);
  }
});

test('several end with 3 when any failed or was refused, else with 0', () => {
  assert.equal(exitCodeOf([done, resultWith('waiting'), resultWith('nothing')]), 0);
  assert.equal(exitCodeOf([done, refused]), 3);
  assert.equal(
    exitCodeOf([resultWith('failed', exitCodes.locked), resultWith('failed', exitCodes.locked)]),
    3,
  );
});

test('a signal decides over everything else', () => {
  assert.equal(exitCodeOf([done, resultWith('failed', exitCodes.terminated)]), 143);
  assert.equal(
    exitCodeOf([resultWith('failed', exitCodes.bug), resultWith('failed', exitCodes.interrupted)]),
    130,
  );
});
