import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { storedBytes } from '../../src/plan/striping.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { noHdfs, ownCluster } from '../support/hdfs-cluster.ts';
import { unlessUnavailable } from '../support/hdfs-daemons.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { seedPartition, setAge, settledMs, smallFiles } from '../support/hdfs-seed.ts';
import { doctor } from './doctor-report.ts';

/**
 * Places as clusters have them, each with what the dry run says of it, what a run then does, and what the doctor says. The
 * keys of the encryption zones are in a file instead of a key server; the NameNode knows no difference.
 */
const keys = await mkdtemp(join(tmpdir(), 'consolidator-keys-'));
const provider = `jceks://file@${keys}/keys.jceks`;
const cluster = await unlessUnavailable(() =>
  ownCluster({ properties: { 'hadoop.security.key.provider.path': provider } }),
);
const skip = cluster === undefined ? noHdfs : false;
const date = '2025-08-15';
const files = cluster === undefined ? [] : await smallFiles(6, { rowsPerFile: 5 });
const blockSizeBytes = 1024 * 1024;

function running() {
  if (cluster === undefined) throw new Error(noHdfs);
  return cluster;
}

function put(
  op: string,
  path: string,
  params: Readonly<Record<string, string | number>> = {},
  user?: string,
) {
  return hdfs(running(), { method: 'PUT', op, path, params, ...(user === undefined ? {} : { user }) });
}

async function seed(base: string, user?: string): Promise<string> {
  const partition = `${base}/date=${date}`;
  const as = user === undefined ? {} : { user };
  await seedPartition(running(), { partition, files, blockSizeBytes, ...as });
  return partition;
}

/** A directory at the root that a user owns. */
async function baseOf(name: string, owner?: string): Promise<string> {
  const base = `/${name}`;
  await put('MKDIRS', base);
  if (owner !== undefined) await put('SETOWNER', base, { owner });
  return base;
}

async function run(base: string, flags: readonly string[] = [], user = running().superuser) {
  const words = ['--date', date, '--base-path', running().webHdfsUri + base, '--output', 'json', ...flags];
  const { exit, stdout, stderr } = await runCliInProcess(words, { HADOOP_USER_NAME: user, MAX_RETRIES: '1' });
  const line = JSON.parse(stdout) as { partitions?: PartitionResult[] };
  const [result] = line.partitions ?? [];
  assert.ok(result !== undefined, stdout + stderr);
  return { exit, result, plan: result.plan };
}

function look(base: string, user = running().superuser, flags: readonly string[] = []) {
  return doctor(['--base-path', running().webHdfsUri + base, ...flags], {
    HADOOP_USER_NAME: user,
    MAX_RETRIES: '1',
  });
}

/** Runs dry and for good: both refuse for this reason, and the partition is as it was. */
async function isRefused(base: string, rule: string, reason: RegExp, user?: string): Promise<void> {
  const partition = `${base}/date=${date}`;
  const before = await listAll(running(), partition);
  for (const flags of [['--dry-run'], []]) {
    const { exit, plan } = await run(base, flags, user);
    assert.equal(plan?.rule, rule);
    assert.match(plan?.reason ?? '', reason);
    assert.equal(exit, 12);
  }
  assert.deepEqual(await listAll(running(), partition), before);
}

/** Consolidates, and every row is there. */
async function isMerged(base: string, flags: readonly string[] = [], user?: string): Promise<void> {
  const partition = `${base}/date=${date}`;
  const before = await valuesDigest(running(), partition);
  const { exit, result } = await run(base, flags, user);
  assert.equal(exit, 0, JSON.stringify(result));
  assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1);
  assert.equal(await valuesDigest(running(), partition), before);
}

before(
  async () => {
    if (cluster === undefined) return;
    await cluster.tool('org.apache.hadoop.crypto.key.KeyShell', 'create', 'key', '-provider', provider);
    // It reads its keys when it starts.
    await cluster.killNameNode();
    await cluster.startNameNode();
    await cluster.startDataNode();
  },
  { timeout: 300_000 },
);

after(() => rm(keys, { recursive: true, force: true }));

const zones = 'org.apache.hadoop.hdfs.tools.CryptoAdmin';
const coding = 'org.apache.hadoop.hdfs.tools.ECAdmin';

test('an encryption zone: CONCAT is refused there, two renames are not; staging and backup lie in the zone', {
  skip,
}, async () => {
  const base = await baseOf('zone');
  await running().tool(zones, '-createZone', '-keyName', 'key', '-path', base);
  await seed(base);
  await isRefused(
    base,
    'encryption-zone',
    /lies in an encryption zone, where HDFS joins no files.*--swap rename/,
  );
  const report = await look(base);
  assert.notEqual(report.exit, 0);
  assert.match(
    report.text('encryption'),
    /^in the encryption zone \/zone; staging and backup lie in the same zone; HDFS joins no files/,
  );
  assert.equal(report.verdict('concat'), 'bad');
  assert.match(report.text('concat'), /concat can not be called for files in an encryption zone/);
  assert.match(report.text('way'), /next: use --swap rename/);
  const other = await look(base, running().superuser, ['--swap', 'rename']);
  assert.equal(other.exit, 0, JSON.stringify(other.checks.filter(({ verdict }) => verdict === 'bad')));
  assert.match(other.text('way'), /^two renames of the partition/);
  await isMerged(base, ['--swap', 'rename']);
});

test('a partition that is a zone of its own: nothing can be moved in or out, and nothing is staged outside', {
  skip,
}, async () => {
  const base = await baseOf('zones');
  const partition = `${base}/date=${date}`;
  await put('MKDIRS', partition);
  await running().tool(zones, '-createZone', '-keyName', 'key', '-path', partition);
  await seed(base);
  for (const flags of [[], ['--swap', 'rename']]) {
    const { exit, plan } = await run(base, flags);
    assert.equal(exit, 12);
    assert.equal(plan?.rule, flags.length === 0 ? 'encryption-zone' : 'zone-differs');
  }
  const report = await look(base);
  assert.equal(report.verdict('encryption'), 'bad');
  assert.match(
    report.text('encryption'),
    /HDFS moves no file between them next: make one zone of the whole dataset/,
  );
});

test('erasure coding: one policy for the whole dataset is joined, two are not', {
  skip,
}, async () => {
  await running().addDataNode();
  await running().addDataNode();
  const policy = 'XOR-2-1-1024k';
  await running().tool(coding, '-enablePolicy', '-policy', policy);
  const coded = await baseOf('coded');
  await running().tool(coding, '-setPolicy', '-path', coded, '-policy', policy);
  const partition = await seed(coded);
  const report = await look(coded);
  assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
  assert.match(report.text('erasure coding'), /^XOR-2-1-1024k in the whole dataset/);

  // What HDFS counts for such files is what the plan reckons with.
  const { ContentSummary: counted } = (await hdfsJson(running(), {
    method: 'GET',
    op: 'GETCONTENTSUMMARY',
    path: partition,
  })) as { ContentSummary: { spaceConsumed: number } };
  const placement = { blockSizeBytes, replication: 1, erasureCoding: policy };
  assert.equal(
    counted.spaceConsumed,
    files.reduce((sum, { bytes }) => sum + storedBytes(bytes.length, placement), 0),
  );
  // A file wants room for a group of three blocks while it is written, and those of the run's own files have 128 MB each.
  const space = (megabytes: number) =>
    put('SETQUOTA', coded, { storagespacequota: counted.spaceConsumed + megabytes * 1024 * 1024 });
  await space(383);
  await isRefused(coded, 'quota-too-small', /space quota of \/coded leaves 383M of .*, and up to 385M/);
  await space(386);
  await isMerged(coded);
  const { FileStatuses } = (await hdfsJson(running(), {
    method: 'GET',
    op: 'LISTSTATUS',
    path: partition,
  })) as {
    FileStatuses: { FileStatus: { ecPolicy?: string }[] };
  };
  assert.deepEqual(
    FileStatuses.FileStatus.map(({ ecPolicy }) => ecPolicy),
    [policy],
  );

  const mixed = await baseOf('mixed');
  await put('MKDIRS', `${mixed}/date=${date}`);
  await running().tool(coding, '-setPolicy', '-path', `${mixed}/date=${date}`, '-policy', policy);
  await seed(mixed);
  await isRefused(
    mixed,
    'erasure-coded',
    /it is erasure-coded \(XOR-2-1-1024k\), what is written in .* is replicated/,
  );
  assert.equal((await look(mixed)).verdict('erasure coding'), 'warning');
  // A directory in its place would have another policy.
  assert.equal((await run(mixed, ['--swap', 'rename'])).plan?.rule, 'own-erasure-coding');
});

test('a snapshottable dataset: without snapshots it is merged, files in a snapshot are refused with its name', {
  skip,
}, async () => {
  const base = await baseOf('snapshots');
  await put('ALLOWSNAPSHOT', base);
  await seed(base);
  assert.match((await look(base)).text('snapshots'), /^\/snapshots has 0 snapshots/);
  await isMerged(base);

  const other = await baseOf('in-snapshots');
  await put('ALLOWSNAPSHOT', other);
  await seed(other);
  await put('CREATESNAPSHOT', other, { snapshotname: 'daily' });
  await isRefused(
    other,
    'in-snapshot',
    /snapshot \/in-snapshots\/\.snapshot\/daily, .*hdfs dfs -deleteSnapshot/,
  );
  const report = await look(other);
  assert.equal(report.verdict('snapshots'), 'warning');
  assert.equal(report.verdict('partition'), 'bad');
  await isMerged(other, ['--swap', 'rename']);
});

test('a sticky partition: files of others are not replaced, by its owner and by theirs they are', {
  skip,
}, async () => {
  const base = await baseOf('sticky', 'alice');
  const partition = await seed(base, 'alice');
  await put('SETPERMISSION', base, { permission: '777' });
  await put('SETPERMISSION', partition, { permission: '1777' });
  await setAge(running(), partition, settledMs);
  await isRefused(
    base,
    'sticky-directory',
    /belongs to alice, .* so that bob may not replace files of others; run as alice/,
    'bob',
  );
  const report = await look(base, 'bob');
  assert.equal(report.verdict('sticky bit'), 'warning');
  assert.equal(report.verdict('partition'), 'bad');
  await isMerged(base, [], 'alice');
});

test('quotas: what does not fit is refused before anything is written, and the base above counts too', {
  skip,
}, async () => {
  const names = await baseOf('few-names');
  await seed(names);
  // The directory itself, the partition and its files are seven or eight of them.
  await put('SETQUOTA', names, { namespacequota: files.length + 2 + 10 });
  await isRefused(
    names,
    'quota-too-small',
    /name quota of \/few-names leaves 10 of \d+ names, and \d+ are needed.*-setQuota/,
  );
  await put('SETQUOTA', names, { namespacequota: files.length + 2 + 40 });
  await isMerged(names);

  await put('MKDIRS', '/above/lake');
  await seed('/above/lake');
  await put('SETQUOTA', '/above', { storagespacequota: blockSizeBytes });
  await isRefused(
    '/above/lake',
    'quota-too-small',
    /space quota of \/above leaves .* of 1\.0M, and up to .*-setSpaceQuota.*--mode fold/,
  );
  const report = await look('/above/lake');
  assert.equal(report.exit, 10);
  assert.match(report.text('quotas'), /^\/above: .*of 1\.0M space free next: raise it/);
  // The blocks of the data have 1 MB here, those of the run's own files 128.
  await put('SETQUOTA', '/above', { storagespacequota: 100 * blockSizeBytes });
  await isRefused(
    '/above/lake',
    'quota-too-small',
    /space quota of \/above leaves .* of 100M, and up to 129M/,
  );
  await put('SETQUOTA', '/above', { storagespacequota: 130 * blockSizeBytes });
  await isMerged('/above/lake');

  const typed = await baseOf('typed');
  await seed(typed);
  await put('SETQUOTABYSTORAGETYPE', typed, { storagetype: 'DISK', storagespacequota: blockSizeBytes });
  await isRefused(
    typed,
    'quota-too-small',
    /quota of \/typed for DISK leaves .*-setSpaceQuota -storageType DISK/,
  );
});

test('a storage policy is kept; one of the partition alone is told where a new directory would lose it', {
  skip,
}, async () => {
  const base = await baseOf('policy');
  await put('SETSTORAGEPOLICY', base, { storagepolicy: 'ONE_SSD' });
  const partition = await seed(base);
  assert.match((await look(base)).text('storage policy'), /^ONE_SSD; merged files get it too/);
  await isMerged(base);
  const [merged] = dataFilesOf(await listAll(running(), partition));
  const { BlockStoragePolicy } = (await hdfsJson(running(), {
    method: 'GET',
    op: 'GETSTORAGEPOLICY',
    path: `${partition}/${merged?.name}`,
  })) as { BlockStoragePolicy: { name: string } };
  assert.equal(BlockStoragePolicy.name, 'ONE_SSD');

  const own = await baseOf('own-policy');
  const alone = await seed(own);
  await put('SETSTORAGEPOLICY', alone, { storagepolicy: 'ONE_SSD' });
  assert.equal((await run(own, ['--swap', 'rename'])).plan?.rule, 'own-storage-policy');
});

test('with two renames, what else a new directory would lose stops the run: quota, attributes, snapshots', {
  skip,
}, async () => {
  const rename = ['--swap', 'rename'];
  const base = await baseOf('lost');
  const partition = await seed(base);
  const rule = async (): Promise<string | undefined> =>
    (await run(base, [...rename, '--dry-run'])).plan?.rule;
  await put('SETQUOTA', partition, { namespacequota: 1_000 });
  assert.equal(await rule(), 'own-quota');
  await put('SETQUOTA', partition, { namespacequota: -1 });
  await put('SETXATTR', partition, { 'xattr.name': 'user.owner', 'xattr.value': '"team"', flag: 'CREATE' });
  assert.equal(await rule(), 'own-attributes');
  await put('REMOVEXATTR', partition, { 'xattr.name': 'user.owner' });
  await put('ALLOWSNAPSHOT', partition);
  assert.equal(await rule(), 'snapshottable');
  await put('DISALLOWSNAPSHOT', partition);
  await isMerged(base, rename);
});

test('what a run deletes does not go to the trash, and the doctor says so', { skip }, async () => {
  const base = await baseOf('trash');
  await seed(base);
  assert.match(
    (await look(base)).text('trash'),
    /does not go to the trash, .* kept in \/trash\/_consolidation for 7 days/,
  );
});
