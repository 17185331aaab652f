import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { doneLine, parseAnswerLine } from '../../src/cli/merge-bin/lines.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { StoreError, SwapError } from '../../src/core/errors.ts';
import type { BinExecutor, MergedElsewhere, MergeTask } from '../../src/pipeline/bin-executor.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import { mergeAttempt } from '../../src/pipeline/merge-attempt.ts';
import type { PartitionTask } from '../../src/pipeline/partition-task.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { addPartition, date, parquetNames, tempDirectory, treeDigest } from '../cli/dataset.ts';
import { usualTask } from '../support/usual-task.ts';

const runIdOf = /\d{8}T\d{6}Z-[0-9a-f]{6}/;

/** A partition of three bins, with a single copy of one bin, and the task of consolidating it. */
async function taskFor(t: TestContext, changes: Partial<PartitionTask> = {}, copies = 4) {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, copies);
  const flags = { 'base-path': basePath, 'target-size': '1' };
  const task: PartitionTask = {
    store: localStore(),
    basePath,
    settings: await loadSettings({ flags, env: {} }),
    ...usualTask(),
    date,
    ...changes,
  };
  return { task, partition, workspace: join(basePath, '_consolidation') };
}

/** An executor of this process. */
function here(
  work: (task: MergeTask, stop: AbortSignal) => Promise<MergedElsewhere> = (task, stop) =>
    mergeAttempt(task, { tempDirectory: tmpdir(), store: localStore(), stop }),
): BinExecutor {
  return { merge: work };
}

/** The merged files of a partition, without what is different in every run: the run's id. */
async function withoutRunId(partition: string): Promise<readonly { name: string; bytes: string }[]> {
  const names = await parquetNames(partition);
  return Promise.all(
    names.map(async (name) => {
      const runId = runIdOf.exec(name)?.[0] ?? assert.fail(`${name} has no run id`);
      const bytes = await readFile(join(partition, name), 'latin1');
      assert.ok(bytes.includes(runId), 'its stamp has the run id');
      return { name: name.replace(runId, ''), bytes: bytes.replaceAll(runId, '') };
    }),
  );
}

test('what executors merge is, byte for byte, what this process merges; all bins of a plan are out at once', async (t) => {
  const alone = await taskFor(t);
  assert.equal((await consolidatePartition(alone.task)).result, 'consolidated');

  let out = 0;
  let mostOut = 0;
  const ids = new Set<string>();
  const executor = here(async (task, stop) => {
    mostOut = Math.max(mostOut, ++out);
    ids.add(task.id);
    // What travels is JSON.
    const merged = await mergeAttempt(JSON.parse(JSON.stringify(task)), {
      tempDirectory: tmpdir(),
      store: localStore(),
      stop,
    });
    out--;
    return merged;
  });
  const shared = await taskFor(t, { executor });
  const result = await consolidatePartition(shared.task);
  assert.equal(result.result, 'consolidated', JSON.stringify(result.error));
  const expected = await withoutRunId(alone.partition);
  assert.equal(expected.length, 3);
  assert.deepEqual(await withoutRunId(shared.partition), expected);
  assert.deepEqual([ids.size, mostOut], [3, 3]);
  const [run = ''] = await readdir(join(shared.workspace, date));
  assert.deepEqual((await readdir(join(shared.workspace, date, run))).sort(), ['old', 'receipt.json']);
});

test('rows are sorted by executors as by this process, and found to be', async (t) => {
  const sorted = async (changes: Partial<PartitionTask>) => {
    const { task, partition } = await taskFor(t, changes, 1);
    const flags = { 'base-path': task.basePath, 'sort-by': 'vehicle_id, event_time desc' };
    const result = await consolidatePartition({ ...task, settings: await loadSettings({ flags, env: {} }) });
    assert.equal(result.result, 'consolidated', result.error?.message);
    return { files: await withoutRunId(partition), sorting: result.outputs?.[0]?.sorting };
  };
  const alone = await sorted({});
  const executor = here(async (task, stop) => {
    // Over the wire and back.
    const merged = await mergeAttempt(JSON.parse(JSON.stringify(task)), {
      tempDirectory: tmpdir(),
      store: localStore(),
      stop,
    });
    const answer = parseAnswerLine(doneLine(task.id, merged, '1'), '1');
    assert.ok(answer !== undefined && 'done' in answer);
    return answer.done;
  });
  assert.deepEqual(await sorted({ executor }), alone);
});

test('of two attempts at once one counts, and of the other nothing is left', async (t) => {
  const attempts: string[] = [];
  const executor = here(async (task, stop) => {
    const both = [0, 1].map(() => mergeAttempt(task, { tempDirectory: tmpdir(), store: localStore(), stop }));
    const [first, second] = await Promise.all(both);
    attempts.push(first?.attempt ?? '', second?.attempt ?? '');
    return second ?? assert.fail('no second attempt');
  });
  const { task, partition, workspace } = await taskFor(t, { executor });
  assert.equal((await consolidatePartition(task)).result, 'consolidated');
  assert.equal(new Set(attempts).size, 6);
  assert.equal((await parquetNames(partition)).length, 3);
  const left = await readdir(workspace, { recursive: true });
  assert.deepEqual(
    left.filter((path) => attempts.some((attempt) => path.includes(attempt)) || path.includes('attempts')),
    [],
  );
});

test('an executor that was given up finds no place to write in, and makes none', async (t) => {
  // Its store lets nothing be created before it is told so; and one file that is being written is held open so long.
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const late: Store = {
    ...localStore(),
    create: async (path) => {
      await begun;
      return localStore().create(path);
    },
  };
  const halfDone: Store = {
    ...localStore(),
    create: async (path) => {
      const sink = await localStore().create(path);
      return {
        ...sink,
        close: async () => {
          await begun;
          await sink.close();
        },
      };
    },
  };
  const zombies: Promise<MergedElsewhere>[] = [];
  const executor = here(async (task, stop) => {
    for (const store of [late, halfDone]) {
      const zombie = mergeAttempt(task, {
        tempDirectory: tmpdir(),
        store,
        stop: new AbortController().signal,
      });
      zombie.catch(() => {});
      zombies.push(zombie);
    }
    return mergeAttempt(task, { tempDirectory: tmpdir(), store: localStore(), stop });
  });
  const { task, partition, workspace } = await taskFor(t, { executor });
  assert.equal((await consolidatePartition(task)).result, 'consolidated');
  const before = [await readdir(workspace, { recursive: true }), treeDigest(partition)];
  begin();
  const ends = await Promise.allSettled(zombies);
  for (const [index, end] of ends.entries()) {
    if (index % 2 === 1) continue;
    assert.ok(end.status === 'rejected' && end.reason instanceof StoreError);
    assert.equal(end.reason.code, 'not-found');
  }
  assert.deepEqual([await readdir(workspace, { recursive: true }), treeDigest(partition)], before);
});

/** Executors that lie, and what they are caught by. */
const lies: readonly {
  readonly lie: string;
  readonly exitCode: number;
  readonly code: string;
  readonly merge: (task: MergeTask, stop: AbortSignal) => Promise<MergedElsewhere>;
}[] = [
  {
    lie: 'leaves a file out',
    exitCode: 13,
    code: 'rows-merged',
    merge: (task, stop) => honest({ ...task, inputs: task.inputs.slice(1) }, stop),
  },
  {
    lie: 'takes a file twice',
    exitCode: 13,
    code: 'rows-merged',
    merge: (task, stop) => honest({ ...task, inputs: [...task.inputs, ...task.inputs.slice(0, 1)] }, stop),
  },
  {
    lie: 'leaves a file out and tells of all rows',
    exitCode: 13,
    code: 'rows-staged',
    merge: async (task, stop) => {
      const { merged } = await honest(task, stop);
      const less = await honest({ ...task, inputs: task.inputs.slice(1) }, stop);
      return { ...less, merged: { ...less.merged, rows: merged.rows } };
    },
  },
  {
    lie: 'merges in another order',
    exitCode: 13,
    code: 'second-reader-differs',
    merge: (task, stop) => honest({ ...task, inputs: task.inputs.toReversed() }, stop),
  },
  {
    lie: 'tells of an order that nobody asked for',
    exitCode: 13,
    code: 'row-order',
    merge: async (task, stop) => {
      const { merged, ...rest } = await honest({ ...task, inputs: task.inputs.toReversed() }, stop);
      const sorted = { by: [], rowSum: '', sample: [], overlap: [], runs: 1, scratchBytes: 0 };
      return { ...rest, merged: { ...merged, sorted } };
    },
  },
  {
    lie: 'tells another checksum',
    exitCode: 13,
    code: 'checksum',
    merge: async (task, stop) => {
      const merged = await honest(task, stop);
      return { ...merged, written: { ...merged.written, sha256: '0'.repeat(64) } };
    },
  },
  {
    lie: 'tells another length',
    exitCode: 13,
    code: 'length',
    merge: async (task, stop) => {
      const { merged, written, attempt } = await honest(task, stop);
      const sizeBytes = written.sizeBytes + 1;
      return { attempt, merged: { ...merged, sizeBytes }, written: { ...written, sizeBytes } };
    },
  },
  {
    lie: 'tells of other values',
    exitCode: 13,
    code: 'value-digest',
    merge: async (task, stop) => {
      const { merged, ...rest } = await honest(task, stop);
      const columns = merged.columns.map((column) => ({ ...column, valueDigest: '0123456789abcdef' }));
      return { ...rest, merged: { ...merged, columns } };
    },
  },
  {
    lie: 'tells of fewer columns',
    exitCode: 13,
    code: 'column-count',
    merge: async (task, stop) => {
      const { merged, ...rest } = await honest(task, stop);
      return { ...rest, merged: { ...merged, columns: merged.columns.slice(1) } };
    },
  },
  {
    lie: 'writes something else than it says',
    exitCode: 13,
    code: 'checksum',
    merge: async (task, stop) => {
      const merged = await honest(task, stop);
      const path = join(task.attemptsDirectory, merged.attempt);
      const bytes = await readFile(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(path, bytes);
      return merged;
    },
  },
  {
    lie: 'names a file outside its directory',
    exitCode: 10,
    code: 'attempt-missing',
    merge: async (task, stop) => ({ ...(await honest(task, stop)), attempt: '../bin-0.staged' }),
  },
  {
    lie: 'names the file of another bin',
    exitCode: 10,
    code: 'attempt-missing',
    merge: (task, stop) => honest({ ...task, binIndex: task.binIndex + 1 }, stop),
  },
  {
    lie: 'names a file that is not there',
    exitCode: 10,
    code: 'attempt-missing',
    merge: async (task, stop) => ({
      ...(await honest(task, stop)),
      attempt: `bin-${task.binIndex}-0123456789abcdef.staged`,
    }),
  },
];

function honest(task: MergeTask, stop: AbortSignal): Promise<MergedElsewhere> {
  return mergeAttempt(task, { tempDirectory: tmpdir(), store: localStore(), stop });
}

for (const { lie, exitCode, code, merge } of lies) {
  test(`an executor that ${lie} is found out, and nothing is replaced`, async (t) => {
    const { task, partition, workspace } = await taskFor(t, { executor: here(merge) }, 1);
    const before = treeDigest(partition);
    const { result, error } = await consolidatePartition(task);
    assert.deepEqual([result, error?.exitCode, error?.code], ['failed', exitCode, code], error?.message);
    assert.equal(treeDigest(partition), before);
    assert.deepEqual(await readdir(workspace), []);
  });
}

test('a bin that fails gives up the others, and a stop gives up all; then nothing of them is left', async (t) => {
  for (const stops of [false, true]) {
    const controller = new AbortController();
    const givenUp: unknown[] = [];
    const executor = here((task, stop) => {
      if (task.binIndex === 0 && !stops) return Promise.reject(new SwapError('broken', { code: 'broken' }));
      if (task.binIndex === 2 && stops) {
        setImmediate(() => controller.abort(new SwapError('stopped', { code: 'stopped', exitCode: 143 })));
      }
      return new Promise((_, reject) => {
        stop.addEventListener('abort', () => {
          givenUp.push(stop.reason);
          reject(stop.reason);
        });
      });
    });
    const { task, partition, workspace } = await taskFor(t, { executor, stop: controller.signal });
    const before = treeDigest(partition);
    const { error } = await consolidatePartition(task);
    assert.equal(error?.code, stops ? 'stopped' : 'broken');
    assert.equal(givenUp.length, stops ? 3 : 2);
    assert.equal(treeDigest(partition), before);
    assert.deepEqual(await readdir(workspace), []);
  }
});

test('attempts of a run that was killed are cleared by the next one', async (t) => {
  const { task, partition, workspace } = await taskFor(t, { executor: here() });
  const attempt = join(workspace, date, '20250816T020000Z-abcdef/attempts/bin-0-0123456789abcdef.staged');
  await mkdir(dirname(attempt), { recursive: true, mode: 0o700 });
  await writeFile(attempt, 'half a file');
  const result = await consolidatePartition(task);
  assert.equal(result.result, 'consolidated', result.error?.message);
  assert.equal((await parquetNames(partition)).length, 3);
  assert.equal((await readdir(join(workspace, date))).length, 1);
});
