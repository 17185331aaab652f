import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
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
    readonly replica?: { readonly result: string; readonly files: number; readonly removed: number };
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
    first.report.partitions[0]?.warnings.join('\n') ?? '',
    /the replica .*not-mounted is behind: .*does not exist/,
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
    longer.report.partitions[0]?.warnings.join('\n') ?? '',
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
  const warnings = report.partitions[0]?.warnings.join('\n') ?? '';
  assert.match(warnings, /does not have the bytes that were verified: expected SHA-256 [0-9a-f]{64}, found/);
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
