import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { join, tailName } from '../../src/partition/names.ts';
import { foldSteps } from '../../src/pipeline/fold-steps.ts';
import type { Bin } from '../../src/plan/partition-plan.ts';
import { encodeQueryValue } from '../../src/store/encode-query-value.ts';

const partition = '/lake/telemetry/date=2025-08-15';
const runId = '20260102T000000Z-0d204c';

function binOf(names: readonly string[]): Bin {
  return {
    index: 3,
    inputs: names.map((name) => ({ name, fileId: name, sizeBytes: 1, modifiedAtMs: 0 })),
    schemaKey: '',
    attributes: { owner: 'o', group: 'g', mode: 0o640, acl: [] },
    rows: 0,
    sizeBytes: names.length,
    inputSizeBytes: names.length,
  };
}

const weight = (name: string): number => encodeQueryValue(join(partition, name)).length + 1;

test('every input is taken once, in order, and no CONCAT names more than fits', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), { minLength: 1, maxLength: 80 }),
      fc.integer({ min: 300, max: 5_000 }),
      (names, maxPathBytes) => {
        const steps = foldSteps(partition, binOf(names), runId, maxPathBytes);
        let from = 0;
        for (const [step, count] of steps.entries()) {
          assert.ok(count >= 1);
          const taken = [...names.slice(from, from + count), tailName(runId, 3, step)];
          const bytes = taken.reduce((sum, name) => sum + weight(name), 0);
          assert.ok(count === 1 || bytes <= maxPathBytes, `${bytes} of ${maxPathBytes}`);
          from += count;
        }
        assert.equal(from, names.length);
      },
    ),
  );
});

test('what fits is taken by one CONCAT', () => {
  assert.deepEqual(foldSteps(partition, binOf(['a', 'b', 'c']), runId, Number.POSITIVE_INFINITY), [3]);
});
