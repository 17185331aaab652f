import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { replicaWarnings } from '../../src/cli/output/replica-text.ts';
import type { ReplicaOutcome } from '../../src/telemetry/partition-result.ts';
import { parseMetrics } from '../telemetry/parsed-metrics.ts';
import { samplePartition } from '../telemetry/sample-report.ts';
import { runCliInProcess } from './cli-in-process.ts';
import {
  addPartition,
  date,
  demoDataset,
  parquetNames,
  settle,
  tempDirectory,
  treeDigest,
} from './dataset.ts';

interface ReplicaJson {
  readonly partitions: readonly {
    readonly result: string;
    readonly warnings: readonly string[];
    readonly replica?: {
      readonly result: string;
      readonly files: number;
      readonly removed: number;
      readonly sentence: string;
    };
  }[];
  readonly replica: {
    readonly uri: string;
    readonly caughtUp: readonly { readonly date: string; readonly replica: { readonly result: string } }[];
  };
}

async function run(basePath: string, replica: string, ...args: readonly string[]) {
  const all = ['--base-path', basePath, '--replicate-to', replica, '--output', 'json', ...args];
  const { exit, stdout, stderr } = await runCliInProcess(all, {});
  const report: ReplicaJson = JSON.parse(stdout);
  return { exit, stderr, report };
}

async function assertSameFiles(basePath: string, replica: string, day = date): Promise<void> {
  const [one, other] = [join(basePath, `date=${day}`), join(replica, `date=${day}`)];
  const names = (await parquetNames(one)).filter((name) => name.includes('.merged-'));
  assert.deepEqual(await parquetNames(other), names);
  assert.ok(names.length > 0);
  for (const name of names)
    assert.deepEqual(await readFile(join(other, name)), await readFile(join(one, name)));
}

test('what was merged is copied, and what took its place takes its place there', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const replica = await tempDirectory(t);
  const first = await run(basePath, replica, '--date', date);
  assert.equal(first.exit, 0, first.stderr);
  assert.deepEqual(first.report.partitions[0]?.replica, {
    ...first.report.partitions[0]?.replica,
    result: 'copied',
    files: 1,
    removed: 0,
  });
  await assertSameFiles(basePath, replica);
  for (const place of [basePath, replica]) {
    assert.deepEqual((await readdir(join(place, '_consolidation'))).sort(), [date, 'replicas']);
    assert.deepEqual(await readdir(join(place, '_consolidation', 'replicas')), []);
  }

  // Nothing more to do, here and there.
  const [before, copy] = [treeDigest(basePath), treeDigest(replica)];
  const again = await run(basePath, replica, '--date', date);
  assert.equal(again.report.partitions[0]?.result, 'nothing');
  assert.equal(again.report.partitions[0]?.replica, undefined);
  assert.deepEqual([treeDigest(basePath), treeDigest(replica)], [before, copy]);

  // Late files: the old copy leaves with what it is part of.
  const late = await tempDirectory(t);
  const other = await addPartition(late, date);
  for (const name of await parquetNames(other)) {
    await writeFile(join(partition, `late-${name}`), await readFile(join(other, name)));
  }
  await settle(partition);
  const second = await run(basePath, replica, '--date', date);
  assert.equal(second.report.partitions[0]?.result, 'consolidated', second.stderr);
  assert.deepEqual(second.report.partitions[0]?.replica, {
    ...second.report.partitions[0]?.replica,
    result: 'copied',
    files: 1,
    removed: 1,
  });
  await assertSameFiles(basePath, replica);
});

test('a replica that is away fails no run, and the next one catches up, whatever its date', async (t) => {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-16');
  const replica = join(await tempDirectory(t), 'not-mounted');
  const first = await run(basePath, replica, '--date', date);
  assert.equal(first.exit, 0);
  assert.equal(first.report.partitions[0]?.result, 'consolidated');
  assert.equal(first.report.partitions[0]?.replica?.result, 'failed');
  assert.match(
    first.report.partitions[0]?.replica?.sentence ?? '',
    /not-mounted.* does not exist; .*--replicate-to/,
  );
  assert.match(
    first.stderr,
    /^warning: the replica .*not-mounted is behind: 2025-08-15 is copied by a later run with this replica: .*does not exist/,
  );

  await mkdir(replica);
  const text = await runCliInProcess(
    ['--base-path', basePath, '--replicate-to', replica, '--date', '2025-08-16'],
    {},
  );
  assert.equal(text.exit, 0, text.stderr);
  assert.match(text.stdout, /Replica .*not-mounted: 2 files \(.*\) of 2 partitions copied and compared/);
  await assertSameFiles(basePath, replica);
  await assertSameFiles(basePath, replica, '2025-08-16');
  const { report } = await run(basePath, replica, '--date', '2025-08-16');
  assert.deepEqual(report.replica.caughtUp, []);
});

test('a replica that is away for many dates is told of once, with how many', async (t) => {
  const basePath = await tempDirectory(t);
  const days = ['2025-08-13', '2025-08-14', '2025-08-16'];
  for (const day of days) await addPartition(basePath, day);
  const replica = join(await tempDirectory(t), 'not-mounted');
  const textfile = join(await tempDirectory(t), 'run.prom');
  const words = ['--base-path', basePath, '--replicate-to', replica, '--metrics-textfile', textfile];
  const failures = async (): Promise<number | undefined> =>
    parseMetrics(await readFile(textfile, 'utf8')).find(
      ({ name, labels }) => name.endsWith('_sink_failures') && labels.sink === 'replica',
    )?.value;
  const first = await runCliInProcess([...words, '--from', '2025-08-13', '--to', '2025-08-16'], {});
  assert.equal(first.exit, 0, first.stderr);
  const behind = '3 partitions (2025-08-13, 2025-08-14, 2025-08-16) are copied by a later run';
  assert.equal(first.stderr.trimEnd().split('\n').length, 1, first.stderr);
  assert.ok(first.stderr.includes(` is behind: ${behind} with this replica: `), first.stderr);
  assert.match(first.stderr, / does not exist/);
  assert.ok(first.stdout.includes(`\nReplica ${replica} is behind:\n  ${behind}: `), first.stdout);
  assert.equal(first.stdout.match(/does not exist/g)?.length, 1);
  assert.equal(await failures(), 3);

  // Those of earlier runs count with those of this one.
  await addPartition(basePath, '2025-08-20');
  const second = await runCliInProcess([...words, '--date', '2025-08-20'], {});
  assert.equal(second.exit, 0, second.stderr);
  assert.equal(second.stderr.trimEnd().split('\n').length, 1, second.stderr);
  assert.match(second.stderr, / is behind: 4 partitions \(2025-08-13, .*, 2025-08-20\) are copied by /);
  const verbose = await runCliInProcess([...words, '--date', '2025-08-20', '--verbose'], {});
  assert.equal(verbose.stderr.match(/^info: .*replica .*: failed: /gm)?.length, 4, verbose.stderr);
  await mkdir(replica);
  const later = await runCliInProcess([...words, '--date', '2025-08-20'], {});
  assert.deepEqual([later.exit, later.stderr, await failures()], [0, '', undefined]);
  assert.match(later.stdout, /: 4 files \(.*\) of 4 partitions copied and compared\n/);
});

test('a replica that goes away while a run is at work is not waited for again and again', async (t) => {
  const basePath = await tempDirectory(t);
  for (let day = 11; day < 16; day++) await addPartition(basePath, `2025-08-${day}`);
  let asked = 0;
  const root = {
    ...{ pathSuffix: '', type: 'DIRECTORY', length: 0, owner: 'etl', group: 'etl', permission: '755' },
    ...{ modificationTime: 1, accessTime: 0, replication: 0, blockSize: 0, fileId: 16385, childrenNum: 1 },
  };
  const server = createServer((request, response) => {
    // The root, once: it is there.
    if (++asked > 1) request.socket.destroy();
    else response.end(JSON.stringify({ FileStatus: root }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const replica = `webhdfs://127.0.0.1:${address.port}/copy`;
  const words = ['--base-path', basePath, '--replicate-to', replica, '--concurrency', '1'];
  const run = await runCliInProcess([...words, '--from', '2025-08-11', '--to', '2025-08-15'], {
    MAX_RETRIES: '0',
  });
  assert.equal(run.exit, 0, run.stderr);
  assert.match(run.stdout, /5 partitions of 5 consolidated/);
  assert.match(run.stderr, / is behind: 5 partitions \(2025-08-11 to 2025-08-15\) are copied by a later run/);
  assert.equal(run.stderr.trimEnd().split('\n').length, 1, run.stderr);
  // For each of the first three once.
  assert.equal(asked, 1 + 3, run.stderr);
  assert.equal((await readdir(join(basePath, '_consolidation', 'replicas'))).length, 5);
});

test('partitions that a replica lacks for different reasons are told of apart, and long lists by their ends', () => {
  const failed = (code: string, sentence: string): ReplicaOutcome => ({
    result: 'failed',
    files: 0,
    bytes: 0,
    removed: 0,
    sentence,
    code,
  });
  const days = Array.from({ length: 20 }, (_, i) => `2025-08-${String(2 * i + 1).padStart(2, '0')}`).slice(
    0,
    15,
  );
  const results = days.map((day) =>
    samplePartition({ date: day, replica: failed('no-answer', `cannot list /c/date=${day}`) }),
  );
  const caughtUp = [{ date: '2025-07-01', replica: failed('name-taken', 'it is another file') }];
  assert.deepEqual(replicaWarnings('file:/c', results, caughtUp), [
    'the replica file:/c is behind: 15 partitions (between 2025-08-01 and 2025-08-29) are copied by a later run with this replica: ' +
      'cannot list /c/date=2025-08-01 (and 14 more of the kind)',
    'the replica file:/c is behind: 2025-07-01 is copied by a later run with this replica: it is another file',
  ]);
  assert.deepEqual(replicaWarnings('file:/c', [samplePartition()], []), []);
});

test('a dataset that was consolidated before gets its replica by a run over its dates', async (t) => {
  const { basePath } = await demoDataset(t);
  const replica = await tempDirectory(t);
  assert.equal((await runCliInProcess(['--base-path', basePath, '--date', date], {})).exit, 0);
  const { report } = await run(basePath, replica, '--date', date);
  assert.equal(report.partitions[0]?.result, 'nothing');
  assert.equal(report.partitions[0]?.replica?.result, 'copied');
  await assertSameFiles(basePath, replica);
  // As a person sees it, over a range.
  const other = await tempDirectory(t);
  const text = await runCliInProcess(
    ['--base-path', basePath, '--replicate-to', other, '--from', date, '--to', date],
    {},
  );
  assert.match(text.stdout, /Replica .*: 1 file \(.*\) of 1 partition copied and compared/);
  await assertSameFiles(basePath, other);
});

test('an undone partition leaves the replica as it was until it is merged again', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const replica = await tempDirectory(t);
  await run(basePath, replica, '--date', date);
  const copied = await parquetNames(join(replica, `date=${date}`));
  assert.equal((await runCliInProcess(['undo', date, '--base-path', basePath], {})).exit, 0);
  const held = await run(basePath, replica, '--date', date);
  assert.equal(held.report.partitions[0]?.result, 'nothing');
  assert.deepEqual(await parquetNames(join(replica, `date=${date}`)), copied);
  await settle(partition);
  const { report } = await run(basePath, replica, '--date', date, '--force');
  assert.equal(report.partitions[0]?.replica?.removed, 1);
  await assertSameFiles(basePath, replica);
});

test('files of others at the replica stay; one in the way is told of, an equal one is taken for the copy', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const replica = await tempDirectory(t);
  const there = join(replica, `date=${date}`);
  await mkdir(there);
  await writeFile(join(there, 'other.parquet'), 'somebody else made this');
  assert.equal((await runCliInProcess(['--base-path', basePath, '--date', date], {})).exit, 0);
  const [name = ''] = await parquetNames(partition);
  const bytes = await readFile(join(partition, name));
  const damaged = Uint8Array.from(bytes, (byte, index) => (index === 100 ? byte ^ 1 : byte));
  await writeFile(join(there, name), damaged);
  await chmod(partition, 0o755);
  const { report } = await run(basePath, replica, '--from', date, '--to', date);
  assert.equal(report.partitions[0]?.replica, undefined, 'name and length agree: nobody looks further');

  await rm(join(there, name));
  await writeFile(join(there, name), Buffer.concat([bytes, Buffer.from('x')]));
  const longer = await run(basePath, replica, '--date', date);
  assert.equal(longer.exit, 0);
  assert.match(
    longer.report.partitions[0]?.replica?.sentence ?? '',
    /another file has that name and is not replaced/,
  );

  await rm(join(there, name));
  const copied = await run(basePath, replica, '--date', date);
  assert.equal(copied.report.partitions[0]?.replica?.result, 'copied');
  assert.deepEqual(await parquetNames(there), ['other.parquet', name].sort());
  assert.deepEqual(await readFile(join(there, name)), bytes);
});

test('a merged file that is damaged is not copied', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  const replica = await tempDirectory(t);
  assert.equal((await runCliInProcess(['--base-path', basePath, '--date', date], {})).exit, 0);
  const [name = ''] = await parquetNames(partition);
  const bytes = await readFile(join(partition, name));
  bytes[1000] = (bytes[1000] ?? 0) ^ 1;
  await writeFile(join(partition, name), bytes);
  const { report, exit } = await run(basePath, replica, '--date', date);
  assert.equal(exit, 0);
  const sentence = report.partitions[0]?.replica?.sentence ?? '';
  assert.match(sentence, /does not have the bytes that were verified: expected SHA-256 [0-9a-f]{64}, found/);
  assert.deepEqual(await readdir(join(replica, `date=${date}`)).catch(() => []), []);
});

test('a replica in the dataset itself is refused', async (t) => {
  const { basePath } = await demoDataset(t);
  for (const replica of [basePath, join(basePath, 'copy'), join(basePath, '..')]) {
    const args = ['--base-path', basePath, '--replicate-to', replica, '--date', date];
    const { exit, stderr } = await runCliInProcess(args, {});
    assert.equal(exit, 2);
    assert.match(stderr, /flag --replicate-to is .*, which lies in the dataset .*, or around it/);
  }
});

test('the doctor says whether the replica answers, and a run works without it', async (t) => {
  const { basePath } = await demoDataset(t);
  const replica = await tempDirectory(t);
  const ask = async (place: string) => {
    const args = ['doctor', '--base-path', basePath, '--replicate-to', place, '--output', 'json'];
    const { exit, stdout } = await runCliInProcess(args, {});
    const report: {
      readonly checks: readonly {
        readonly name: string;
        readonly verdict: string;
        readonly detail: string;
      }[];
    } = JSON.parse(stdout);
    const found = report.checks.find(({ name }) => name === 'replica');
    return { exit, verdict: found?.verdict, detail: found?.detail };
  };
  assert.deepEqual(await ask(replica), { exit: 0, verdict: 'good', detail: `${replica} is there` });
  const absent = join(replica, 'absent');
  assert.deepEqual(await ask(absent), { exit: 0, verdict: 'warning', detail: `${absent} does not exist` });
  const away = await ask('webhdfs://127.0.0.1:1/copy');
  assert.deepEqual([away.exit, away.verdict], [0, 'warning']);
  assert.match(away.detail ?? '', /nothing listens on 127\.0\.0\.1:1/);
});
