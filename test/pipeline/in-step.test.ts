import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { inStep } from '../../src/pipeline/in-step.ts';
import { smallFiles } from '../support/hdfs-seed.ts';

describe('merge and backup that read the same inputs', () => {
  it('keeps the backup near the merge, and lets it go once the merge is over', async () => {
    const { inputs, sizeBytes } = await someInputs(6);
    const step = inStep(inputs, { aheadBytes: 2 * sizeBytes, done: () => {} });
    const free: number[] = [];
    const waits = inputs.map(async (_, index) => {
      await step.mayRead(index);
      free.push(index);
    });
    await settled();
    assert.deepEqual(free, [0, 1, 2], 'those that begin within two lengths of the first');
    await step.inputs[2]?.source.read(0, 4);
    await settled();
    assert.deepEqual(free, [0, 1, 2, 3, 4]);
    await step.inputs[0]?.source.read(0, 4);
    await settled();
    assert.deepEqual(free, [0, 1, 2, 3, 4], 'who goes back holds nobody up, and lets nobody go');
    step.over();
    await Promise.all(waits);
    assert.deepEqual(free, [0, 1, 2, 3, 4, 5]);
  });

  it('tells of inputs that both have gone by, of each once', async () => {
    const { inputs } = await someInputs(1);
    const many = Array.from({ length: 300 }, () => inputs[0]).filter((input) => input !== undefined);
    const told: number[] = [];
    const step = inStep(many, {
      aheadBytes: Number.POSITIVE_INFINITY,
      done: (from, to) => {
        for (let index = from; index < to; index++) told.push(index);
      },
    });
    for (let index = 0; index < many.length; index++) {
      step.hasRead(index);
      if (index % 2 === 0) continue;
      await step.inputs[index]?.source.read(0, 4);
      assert.ok(told.length <= index, 'what the merge reads now it may read again');
    }
    assert.ok(told.length > 200, `told of ${told.length}`);
    assert.deepEqual(told, Array.from(told.keys()));
  });

  it('gives the bytes and footers of the inputs themselves', async () => {
    const { inputs } = await someInputs(2);
    const step = inStep(inputs, { aheadBytes: 0, done: () => {} });
    for (const [index, { source, footer }] of inputs.entries()) {
      const mine = step.inputs[index];
      assert.equal(mine?.footer, footer);
      assert.equal(mine?.source.name, source.name);
      assert.deepEqual(await mine?.source.read(0, source.sizeBytes), await source.read(0, source.sizeBytes));
    }
  });
});

async function someInputs(count: number) {
  const [file] = await smallFiles(1);
  assert.ok(file !== undefined);
  const inputs = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const source = memorySource(`/p/${index}.parquet`, file.bytes);
      return { source, footer: await readFooter(source) };
    }),
  );
  return { inputs, sizeBytes: file.bytes.length };
}

/** Until everything that can go on has done so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
