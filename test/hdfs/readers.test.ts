import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { runCli } from '../cli/cli-process.ts';
import { type HdfsCluster, noHdfs, ownCluster, sharedCluster } from '../support/hdfs-cluster.ts';
import { type HdfsProxy, startProxy } from '../support/hdfs-proxy.ts';
import { readPartition } from '../support/hdfs-reader.ts';
import { type HdfsAddress, hdfs } from '../support/hdfs-request.ts';
import { type SmallFile, seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { writtenFile } from '../support/made-files.ts';
import { fullMatrix } from './full-matrix.ts';
import {
  holdStream,
  listOnly,
  listPaged,
  listThenRead,
  listThenReadByLength,
  loop,
  pageThenRead,
  type ReaderPass,
  type ReadTarget,
  tallyText,
} from './reader-loops.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

const dayMs = 24 * 3600 * 1000;

function day(index: number): string {
  return new Date(Date.UTC(2025, 0, 1) + index * dayMs).toISOString().slice(0, 10);
}

/** Partitions to be consolidated one after the other, all of the same files. */
interface Race {
  readonly cluster: HdfsCluster;
  readonly base: string;
  readonly targets: readonly ReadTarget[];
  readonly files: readonly SmallFile[];
}

async function prepareRace(
  cluster: HdfsCluster,
  name: string,
  files: readonly SmallFile[],
  rounds: number,
): Promise<Race> {
  const base = `/readers/${name}`;
  const targets: ReadTarget[] = [];
  for (let round = 0; round < rounds; round++) {
    const partition = `${base}/date=${day(round)}`;
    await seedPartition(cluster, { partition, files });
    targets.push({
      partition,
      inputs: files.map((file) => file.name),
      ids: new Set(files.flatMap((file) => file.ids)),
    });
  }
  return { cluster, base, targets, files };
}

async function act(
  address: HdfsAddress & { webHdfsUri: string },
  base: string,
  words: readonly string[],
): Promise<void> {
  const run = await runCli([...words, '--base-path', `${address.webHdfsUri}${base}`], {
    env: { HADOOP_USER_NAME: address.superuser },
  });
  assert.equal(run.exit, 0, `${words.join(' ')}: ${run.stderr}`);
}

/** Makes every step of a swap last so long that readers meet it. */
function slowDown(proxy: HdfsProxy, ms: number): void {
  const slow = new Set(['RENAME', 'CONCAT']);
  const until = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  proxy.ambush(
    ({ op }) => slow.has(op),
    { kind: 'call', when: 'after', action: until },
    { times: Number.POSITIVE_INFINITY },
  );
}

/** Consolidates and undoes every partition while the readers read it; fails when one of them got wrong rows. */
async function runRace(
  t: TestContext,
  race: Race,
  readers: Readonly<Record<string, ReaderPass>>,
  stepMs: number,
): Promise<number> {
  const proxy = await startProxy(race.cluster);
  if (stepMs > 0) slowDown(proxy, stepMs);
  let current: ReadTarget | undefined = race.targets[0];
  const loops = Object.entries(readers).map(([name, pass]) => loop(name, pass, race.cluster, () => current));
  try {
    for (const [round, target] of race.targets.entries()) {
      current = target;
      await act(proxy, race.base, ['--date', day(round)]);
      await act(proxy, race.base, ['undo', day(round)]);
    }
  } finally {
    current = undefined;
  }
  const tallies = await Promise.all(loops);
  await proxy.close();
  for (const tally of tallies) t.diagnostic(tallyText(tally));
  for (const tally of tallies) {
    assert.deepEqual(tally.wrong, []);
    assert.ok(tally.passes > 0, `${tally.reader} never got through`);
    const unexpected = [...tally.loud.keys()].filter((name) => !expectedFailures.includes(name));
    assert.deepEqual(unexpected, [], `${tally.reader} failed in other ways`);
  }
  return tallies.reduce((sum, tally) => sum + tally.passes, 0);
}

/** What a reader with an old listing may meet: the file is gone, is another, or went away while it was read. */
const expectedFailures = [
  'FileNotFoundException',
  'ECONNRESET',
  // Of a reader that goes by the length it listed, when the file of that name is another by then.
  'file shorter than listed',
  'parquet file invalid (footer != PAR1)',
];

const allReaders = {
  'list, then read': listThenRead,
  'list, then read by the listed lengths': listThenReadByLength,
  'list only': listOnly,
};

test('readers of 21 files, consolidated and undone again and again', { skip }, async (t) => {
  if (shared === undefined) return;
  const files = await smallFiles(21, { rowsPerFile: 10 });
  const race = await prepareRace(shared, 'quick', files, fullMatrix ? 40 : 5);
  const passes = await runRace(t, race, allReaders, 0);
  assert.ok(passes >= 100, `only ${passes} passes`);
});

test('the same, with every step of the swap slowed down', { skip }, async (t) => {
  if (shared === undefined) return;
  const files = await smallFiles(21, { rowsPerFile: 10 });
  const race = await prepareRace(shared, 'slow', files, fullMatrix ? 20 : 2);
  await runRace(t, race, allReaders, 400);
});

test('readers of 600 files', { skip }, async (t) => {
  if (shared === undefined) return;
  const files = await smallFiles(600, { rowsPerFile: 4 });
  const race = await prepareRace(shared, 'many', files, fullMatrix ? 6 : 1);
  await runRace(t, race, allReaders, 100);
});

test('readers that page through the listing', { skip }, async (t) => {
  if (shared === undefined) return;
  const cluster = await ownCluster({ properties: { 'dfs.ls.limit': '5' } });
  const files = await smallFiles(21, { rowsPerFile: 10 });
  const race = await prepareRace(cluster, 'paged', files, fullMatrix ? 20 : 3);
  await runRace(t, race, { 'list in pages of 5, then read': pageThenRead }, 200);
  await cluster.stop();
});

test('more than 1,000 entries: what a lister sees that turns the page after the swap', {
  skip,
}, async (t) => {
  if (shared === undefined) return;
  const files = await smallFiles(1_100, { rowsPerFile: 2 });
  const race = await prepareRace(shared, 'pages', files, 1);
  const [target] = race.targets;
  assert.ok(target !== undefined);
  const listed = await listPaged(shared, target.partition, async (page) => {
    if (page === 1) await act(shared, race.base, ['--date', day(0)]);
  });
  t.diagnostic(`listed ${listed.length} of ${files.length} files: page 1 before the swap, page 2 after it`);
  assert.equal(listed.length, 1_000);
  // None of what it listed is there any more, so it cannot read half of the rows and take them for all.
  const now = await readPartition(shared, target.partition);
  assert.deepEqual(
    listed.filter(({ name }) => now.files.includes(name)),
    [],
  );
  assert.equal(now.ids.length, 2_200);
});

test('streams that are held open across the swap', { skip }, async (t) => {
  if (shared === undefined) return;
  // More than the buffers between here and the disk can hold, so that the stream is really still open.
  const blobs = await Promise.all(Array.from({ length: 6 }, (_, i) => blobFile(i, 16)));
  const race = await prepareRace(shared, 'streams', blobs, 1);
  const [target] = race.targets;
  assert.ok(target !== undefined);
  const outcomes: string[] = [];
  const onInputs = await Promise.all(
    blobs.map((file) => holdStream(shared, `${target.partition}/${file.name}`)),
  );
  await act(shared, race.base, ['--date', day(0)]);
  for (const [i, stream] of onInputs.entries()) {
    outcomes.push(`input: ${await endOf(stream.readRest(), blobs[i]?.bytes)}`);
  }
  // And one on the merged file, while undo replaces that.
  const merged = (await readPartition(shared, target.partition)).files[0] ?? '';
  const before = await hdfs(shared, { method: 'GET', op: 'OPEN', path: `${target.partition}/${merged}` });
  const onMerged = await holdStream(shared, `${target.partition}/${merged}`);
  await act(shared, race.base, ['undo', day(0)]);
  outcomes.push(`merged file: ${await endOf(onMerged.readRest(), before.body)}`);
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  for (const [outcome, times] of counts) t.diagnostic(`${times} × ${outcome}`);
  assert.deepEqual(
    outcomes.filter((outcome) => outcome.includes('other bytes')),
    [],
  );
});

async function endOf(read: Promise<Buffer>, expected: Uint8Array | undefined): Promise<string> {
  try {
    const bytes = await read;
    return expected !== undefined && bytes.equals(expected) ? 'read to its end, right' : 'other bytes';
  } catch {
    return 'broken off';
  }
}

/** A file of random megabytes, with ids like the small ones. */
async function blobFile(index: number, megabytes: number): Promise<SmallFile> {
  const ids = Array.from({ length: megabytes }, (_, i) => index * megabytes + i);
  const { source } = await writtenFile(
    `blob-${index}.parquet`,
    { policy_id: { type: 'INT64' }, blob: { type: 'BYTE_ARRAY' } },
    ids.map((id) => ({ policy_id: BigInt(id), blob: randomFillSync(Buffer.alloc(1 << 20)) })),
  );
  return {
    name: `blob-${index}.parquet`,
    bytes: await source.read(0, source.sizeBytes),
    rows: ids.length,
    ids,
  };
}
