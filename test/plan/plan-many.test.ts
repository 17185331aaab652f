import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPartition } from '../../src/plan/plan-partition.ts';
import { defaultPolicy } from '../../src/plan/policy.ts';
import { candidate, type FileSketch, inputOf } from './plan-fixtures.ts';

/** CPU time: far above what any of these takes, and far below what work that grows with the square of the files took. */
const hangMs = 5_000;
const files = 10_000;
const ours = { inputSizeBytes: 900, inputFiles: 3, runId: 'run-1' };
const tiny = { sizeBytes: 500, columnChunks: 3 };

const cases: Readonly<Record<string, (i: number) => Omit<FileSketch, 'name'>>> = {
  'all alike': () => ({ sizeBytes: 40_000, columnChunks: 17 }),
  'each of its own schema': (i) => ({ ...tiny, schemaKey: `schema-${i}` }),
  'all merged before': () => ({ ...tiny, ours }),
  'five new ones among merged ones': (i) => ({ ...tiny, ...(i % 2000 === 7 ? {} : { ours }) }),
  'every other one merged before': (i) => ({ ...tiny, ...(i % 2 === 0 ? {} : { ours }) }),
  'all folded': () => ({ ...tiny, folded: ours }),
  'too large to merge with each other': () => ({ sizeBytes: 90e6 }),
};

for (const [name, sketch] of Object.entries(cases)) {
  test(`a partition of 10,000 files is planned in no time: ${name}`, () => {
    const candidates = Array.from({ length: files }, (_, i) =>
      candidate({ name: `part-${String((i * 7919) % files).padStart(5, '0')}.parquet`, ...sketch(i) }),
    );
    for (const mode of ['rewrite', 'fold'] as const) {
      const before = process.cpuUsage();
      const plan = planPartition(inputOf(candidates), { ...defaultPolicy, mode });
      const { user, system } = process.cpuUsage(before);
      const durationMs = (user + system) / 1000;
      assert.equal(plan.files.length, files);
      assert.ok(durationMs < hangMs, `${durationMs} ms`);
    }
  });
}
