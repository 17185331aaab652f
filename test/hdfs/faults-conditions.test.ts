import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { type FileBeingWritten, openForWriting } from '../support/hdfs-open-file.ts';
import { hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { type Bench, consolidateWords, makeBench, stepName } from './fault-bench.ts';
import { playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

/** Something that keeps a run from its work until it is lifted. */
interface Condition {
  readonly fault: string;
  /** When it sets in. */
  readonly from: 'before the run' | 'after the journal' | 'after the base';
  /** Sets it; resolves with what lifts it. */
  set(bench: Bench): Promise<() => Promise<unknown>>;
  readonly mayExit: readonly number[];
  /** The partition's owner, and the one who runs; default: the superuser. */
  readonly user?: string;
}

const steps = {
  'after the journal': 'RENAME R/journal.json.staged → R/journal.json',
  'after the base': 'RENAME R/bin-0-base.staged → P/merged-0',
} as const;

type Params = Readonly<Record<string, string | number>>;

function put(bench: Bench, op: string, path: string, params: Params = {}): Promise<unknown> {
  return hdfs(bench.cluster, { method: 'PUT', op, path, params });
}

function thirdInput(bench: Bench): string {
  return `${bench.partition}/${bench.inputs[2]}`;
}

/** No more names, or only so many bytes more, in a directory. */
async function fillQuota(
  bench: Bench,
  path: string,
  what: 'names' | 'space',
): Promise<() => Promise<unknown>> {
  const { ContentSummary: now } = (await hdfsJson(bench.cluster, {
    method: 'GET',
    op: 'GETCONTENTSUMMARY',
    path,
  })) as {
    ContentSummary: { directoryCount: number; fileCount: number; spaceConsumed: number };
  };
  const params: Params =
    what === 'names'
      ? { namespacequota: now.directoryCount + now.fileCount }
      : { storagespacequota: now.spaceConsumed + 1024 };
  await put(bench, 'SETQUOTA', path, params);
  return () => put(bench, 'SETQUOTA', path, { namespacequota: -1, storagespacequota: -1 });
}

async function setMode(
  bench: Bench,
  path: string,
  owner: string,
  mode: string,
): Promise<() => Promise<unknown>> {
  await put(bench, 'SETOWNER', path, { owner });
  await put(bench, 'SETPERMISSION', path, { permission: mode });
  return async () => {
    await put(bench, 'SETOWNER', path, { owner: 'alice' });
    await put(bench, 'SETPERMISSION', path, { permission: '755' });
  };
}

async function snapshot(bench: Bench): Promise<() => Promise<unknown>> {
  const path = bench.partition;
  await put(bench, 'ALLOWSNAPSHOT', path);
  await put(bench, 'CREATESNAPSHOT', path, { snapshotname: 's' });
  return async () => {
    const params = { snapshotname: 's' };
    await hdfs(bench.cluster, { method: 'DELETE', op: 'DELETESNAPSHOT', path, params });
    await put(bench, 'DISALLOWSNAPSHOT', path);
  };
}

async function openInput(bench: Bench): Promise<() => Promise<unknown>> {
  const writer: FileBeingWritten = await openForWriting(bench.cluster, thirdInput(bench), 'APPEND');
  return async () => {
    await writer.finish();
    // Whoever appended a byte to a Parquet file has broken it: put back what was there.
    const file = bench.files[2];
    if (file === undefined) throw new RangeError('the partition has fewer than three files');
    const params = { overwrite: 'true' };
    await hdfs(bench.cluster, {
      method: 'PUT',
      op: 'CREATE',
      path: thirdInput(bench),
      params,
      body: file.bytes,
    });
  };
}

const conditions: readonly Condition[] = [
  {
    fault: 'name quota of the dataset is full',
    from: 'before the run',
    set: (bench) => fillQuota(bench, bench.base, 'names'),
    mayExit: [12],
  },
  {
    fault: 'name quota of the partition is full',
    from: 'after the journal',
    set: (bench) => fillQuota(bench, bench.partition, 'names'),
    mayExit: [10],
  },
  {
    fault: 'space quota of the dataset is full',
    from: 'before the run',
    set: (bench) => fillQuota(bench, bench.base, 'space'),
    mayExit: [12],
  },
  {
    fault: 'dataset may not be written to',
    from: 'before the run',
    user: 'alice',
    set: (bench) => setMode(bench, bench.base, bench.cluster.superuser, '755'),
    mayExit: [10],
  },
  {
    fault: 'partition may not be written to',
    from: 'before the run',
    user: 'alice',
    set: (bench) => setMode(bench, bench.partition, bench.cluster.superuser, '755'),
    mayExit: [10],
  },
  {
    fault: 'partition may not be written to any more',
    from: 'after the base',
    user: 'alice',
    set: (bench) => setMode(bench, bench.partition, bench.cluster.superuser, '755'),
    mayExit: [14],
  },
  {
    fault: 'an input may not be read',
    from: 'before the run',
    user: 'alice',
    set: async (bench) => {
      await put(bench, 'SETPERMISSION', thirdInput(bench), { permission: '000' });
      await put(bench, 'SETOWNER', thirdInput(bench), { owner: bench.cluster.superuser });
      return async () => {
        await put(bench, 'SETOWNER', thirdInput(bench), { owner: 'alice' });
        await put(bench, 'SETPERMISSION', thirdInput(bench), { permission: '644' });
      };
    },
    mayExit: [10],
  },
  { fault: 'a snapshot holds the partition', from: 'before the run', set: snapshot, mayExit: [12] },
  { fault: 'a snapshot of the partition is made', from: 'after the base', set: snapshot, mayExit: [10] },
  {
    fault: 'a comma in a name',
    from: 'before the run',
    set: async (bench) => {
      const destination = `${bench.partition}/a,b.parquet`;
      await put(bench, 'RENAME', thirdInput(bench), { destination });
      return () => put(bench, 'RENAME', destination, { destination: thirdInput(bench) });
    },
    mayExit: [12],
  },
  { fault: 'an input is open for writing', from: 'before the run', set: openInput, mayExit: [10] },
  { fault: 'an input is opened for writing', from: 'after the base', set: openInput, mayExit: [10] },
];

test('conditions that keep a run from its work', { skip, concurrency: 2 }, async (t) => {
  if (shared === undefined) return;
  const rows: FaultRow[] = [];
  await Promise.all(
    conditions.map((condition, index) =>
      t.test(`${condition.fault}, ${condition.from}`, async () => {
        const as = condition.user === undefined ? {} : { user: condition.user };
        const bench = await makeBench(shared, `condition-${index}`, as);
        try {
          rows[index] = await playCase(bench, {
            step: condition.from,
            fault: condition.fault,
            mayExit: condition.mayExit,
            act: () => runUnder(bench, condition),
          });
        } finally {
          await bench.close();
        }
      }),
    ),
  );
  assert.equal(checkTable('conditions', rows), undefined);
});

async function runUnder(bench: Bench, condition: Condition) {
  const { from } = condition;
  let lift: () => Promise<unknown> = async () => {};
  if (from === 'before the run') {
    lift = await condition.set(bench);
  } else {
    bench.proxy.ambush((asked) => asked.isMutation && stepName(bench, asked) === steps[from], {
      kind: 'call',
      when: 'after',
      action: async () => {
        lift = await condition.set(bench);
      },
    });
  }
  try {
    return await bench.start(consolidateWords).finished;
  } finally {
    await lift();
  }
}
