import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withProofHint } from '../../src/cli/merge-bin/executor-proof.ts';
import {
  cancelLine,
  doneLine,
  failedLine,
  idOf,
  type PlacedTask,
  parseAnswerLine,
  parseTaskLine,
  taskLine,
} from '../../src/cli/merge-bin/lines.ts';
import { copyOfError, errorFromCopy } from '../../src/core/error-copy.ts';
import { ConfigError, FormatError, StoreError } from '../../src/core/errors.ts';
import type { MergedElsewhere } from '../../src/pipeline/bin-executor.ts';

const version = '1.2.3';

const placed: PlacedTask = {
  place: {
    base: { kind: 'hdfs', scheme: 'hdfs', host: 'nn', webHdfsPort: 9870, path: '/data' },
    hdfs: {
      user: 'etl',
      authentication: 'auto',
      timeoutMs: 60_000,
      failoverMs: 120_000,
      limits: { requestsPerSecond: 1_000, nameNodeConnections: 32, dataNodeConnections: 16 },
    },
    maxRetries: 3,
    swap: 'auto',
  },
  task: {
    id: '20250815T020000Z-abcdef-0',
    binIndex: 0,
    attemptsDirectory: '/data/_consolidation/2025-08-15/20250815T020000Z-abcdef/attempts',
    inputs: [
      {
        path: '/data/date=2025-08-15/zürich "\u2028.parquet',
        ref: { name: 'zürich "\u2028.parquet', fileId: '16397', sizeBytes: 1, modifiedAtMs: 2 },
      },
    ],
    recipe: {
      schema: 'exact',
      compression: {
        codec: 'snappy',
        encodings: 'standard',
        pageSizeBytes: 1,
        rowGroupRows: 2,
        rowGroupBytes: 3,
        useDictionary: true,
      },
      memoryBytes: undefined,
      stamp: { inputSizeBytes: 1, inputFiles: 1, runId: '20250815T020000Z-abcdef' },
      createdBy: 'parquet-consolidator version 1.2.3',
    },
  },
};

const done: MergedElsewhere = {
  attempt: 'bin-0-0123456789abcdef.staged',
  merged: {
    rows: 3,
    rowGroups: 1,
    sizeBytes: 99,
    columns: [
      {
        path: 'a',
        values: 3,
        nulls: 1,
        // Beyond what a number of JSON can hold.
        levelDigest: 'fffffffffffffffe',
        valueDigest: '0000000000000001',
        min: Uint8Array.of(0, 255, 128),
        max: new Uint8Array(),
      },
      { path: 'b', values: 3, nulls: 3, levelDigest: '0', valueDigest: '0' },
    ],
    sorting: { stated: ['a', 'b'], kept: ['a'] },
    warnings: ['one'],
  },
  written: { sizeBytes: 99, sha256: 'ab'.repeat(32) },
};

test('tasks and answers come through as they were sent, a line each', () => {
  const line = taskLine(placed, version);
  assert.ok(!line.includes('\n'));
  const { memoryBytes: _, ...recipe } = placed.task.recipe;
  assert.deepEqual(parseTaskLine(line, version), { ...placed, task: { ...placed.task, recipe } });
  assert.equal(idOf(line), placed.task.id);
  assert.deepEqual(JSON.parse(cancelLine('x')), { id: 'x', cancel: true });
  assert.deepEqual(parseAnswerLine(doneLine('x', done, version), version), { id: 'x', done });
  assert.deepEqual(parseAnswerLine('{"id":"x","lost":"gone"}', version), { id: 'x', lost: 'gone' });
  const sorted = {
    by: [{ path: 'a', isDescending: true, nullsFirst: false }],
    rowSum: '0f'.repeat(16),
    sample: [{ row: 0, origin: 2 }],
    overlap: [{ path: 'a', before: { rowGroups: 3, share: 0.5 }, after: { rowGroups: 0 } }],
    runs: 1,
    scratchBytes: 70,
  };
  const ofSorting = { ...done, merged: { ...done.merged, sorted } };
  assert.deepEqual(parseAnswerLine(doneLine('x', ofSorting, version), version), { id: 'x', done: ofSorting });
  // What is not understood must not pass for a merge that kept the order.
  const { rowSum: __, ...less } = sorted;
  const wrong = doneLine('x', ofSorting, version).replace(JSON.stringify(sorted), JSON.stringify(less));
  assert.equal(parseAnswerLine(wrong, version), undefined);
});

test('errors come through as what they are', () => {
  for (const error of [
    new FormatError('damaged', { code: 'bad', place: { file: 'f', rowGroup: 2 }, hint: 'repair it' }),
    new StoreError('no answer', { code: 'no-answer', op: 'open', path: '/f', retryable: true, status: 503 }),
    new ConfigError('no ticket', { code: 'no-ticket', hint: 'kinit' }),
    new TypeError('a bug'),
  ]) {
    const answer = parseAnswerLine(failedLine('x', error, version), version);
    assert.ok(answer !== undefined && 'failed' in answer);
    const copy: Error = errorFromCopy(answer.failed);
    assert.equal(copy.message, error.message);
    assert.equal(copy.name, error.name === 'TypeError' ? 'Error' : error.name);
    assert.deepEqual(Reflect.get(copy, 'hint'), Reflect.get(error, 'hint'));
  }
});

test('other versions and damaged tasks are refused', () => {
  const line = taskLine(placed, version);
  for (const [bad, code] of [
    [taskLine(placed, '1.2.4'), 'worker-version'],
    [line.replace('"etl"', '"eve"'), 'task-unreadable'],
    [line.slice(0, -1), 'task-unreadable'],
    ['', 'task-unreadable'],
    ['[]', 'task-unreadable'],
    ['{}', 'worker-version'],
  ] as const) {
    assert.throws(
      () => parseTaskLine(bad, version),
      (error: unknown) => error instanceof ConfigError && error.code === code,
    );
  }
  assert.throws(() => parseAnswerLine(doneLine('x', done, '1.2.4'), version), { code: 'worker-version' });
});

test('whatever an executor answers is understood, refused as that of another version, or no answer', () => {
  const lines = [
    doneLine('x', done, version),
    failedLine('x', new StoreError('no', { code: 'c', op: 'o', path: 'p' }), version),
    failedLine('x', new FormatError('no', { code: 'c', place: {} }), version),
  ];
  // A value anywhere in it becomes another one.
  fc.assert(
    fc.property(fc.constantFrom(...lines), fc.nat(60), fc.jsonValue(), (line, at, value) => {
      let count = 0;
      const mutant = JSON.stringify(JSON.parse(line, (_key, old) => (count++ === at ? value : old)));
      try {
        const answer = parseAnswerLine(mutant, version);
        if (answer !== undefined && 'failed' in answer)
          assert.ok(errorFromCopy(answer.failed) instanceof Error);
      } catch (error) {
        assert.ok(error instanceof ConfigError && error.code === 'worker-version', String(error));
      }
    }),
    { numRuns: 500 },
  );
  for (const text of ['', 'a warning of Node', '"x"', '{"id":7}', '{"id":"x"'])
    assert.equal(parseAnswerLine(text, version), undefined);
});

test('an executor that could not prove who it is is told of with how executors do that; other failures stay as they are', () => {
  const store = new StoreError('cannot read /a: no Kerberos ticket', {
    code: 'kerberos-no-ticket',
    op: 'read',
    path: '/a',
    hint: 'get a ticket: kinit',
  });
  const refused = errorFromCopy(withProofHint(copyOfError(store)));
  assert.ok(refused instanceof StoreError);
  assert.equal(refused.message, 'on an executor: cannot read /a: no Kerberos ticket');
  assert.deepEqual([refused.code, refused.op, refused.path], ['kerberos-no-ticket', 'read', '/a']);
  assert.match(
    refused.hint ?? '',
    /--files etl\.keytab.*--worker.* What is wrong there: get a ticket: kinit$/,
  );
  const missing = new ConfigError('kerberos is not installed', { code: 'kerberos-package-missing' });
  const told = errorFromCopy(withProofHint(copyOfError(missing)));
  assert.ok(told instanceof ConfigError);
  assert.match(told.hint ?? '', /then the package kerberos must be found there \(NODE_PATH\)$/);
  for (const other of [
    new StoreError('no', { code: 'not-found', op: 'read', path: '/a' }),
    new FormatError('no', { code: 'damaged', place: {} }),
    new Error('no'),
  ]) {
    const copy = copyOfError(other);
    assert.equal(withProofHint(copy), copy);
  }
});
