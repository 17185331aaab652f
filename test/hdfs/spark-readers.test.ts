import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { runCli } from '../cli/cli-process.ts';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { repositoryRoot, skipWithoutSpark, sparkPythonPath } from '../support/python-env.ts';
import { fullMatrix } from './full-matrix.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : skipWithoutSpark();

type Reply = Readonly<Record<string, unknown>>;

/** test/hdfs/spark_readers.py at work: a question at a time. */
async function startReaders(
  t: TestContext,
  user: string,
): Promise<(request: Readonly<Record<string, string>>) => Promise<Reply>> {
  const child = spawn(sparkPythonPath() ?? 'python3', [`${repositoryRoot}/test/hdfs/spark_readers.py`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, HADOOP_USER_NAME: user, PYTHONDONTWRITEBYTECODE: '1' },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  t.after(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<Reply> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`Spark ended:\n${said}`);
    const answer: Reply = JSON.parse(line.value);
    if (answer.problem !== undefined) throw new Error(`Spark: ${String(answer.problem)}`);
    return answer;
  };
  t.diagnostic(`Spark ${String((await reply()).spark)}`);
  return async (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    return await reply();
  };
}

interface Tally {
  readonly passes: number;
  readonly wrong: readonly string[];
  readonly loud: Readonly<Record<string, number>>;
}

/** What a reader may meet whose files are replaced: they are gone, or end elsewhere than it was told. */
const expected =
  /FILE_NOT_EXIST|FileNotFound|FAILED_READ_FILE|CANNOT_READ_FILE_FOOTER|EOFException|is not a Parquet file|BlockMissing|UNABLE_TO_INFER_SCHEMA/;

async function act(cluster: HdfsCluster, base: string, words: readonly string[]): Promise<void> {
  const run = await runCli([...words, '--base-path', `${cluster.webHdfsUri}${base}`], {
    env: { HADOOP_USER_NAME: cluster.superuser },
  });
  assert.equal(run.exit, 0, `${words.join(' ')}: ${run.stderr}`);
}

test('Spark reads every row once, or fails loudly, while partitions are folded, replaced and undone', {
  skip,
}, async (t) => {
  if (shared === undefined) return;
  const base = '/readers/spark';
  const files = await smallFiles(30, { rowsPerFile: 20 });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const rounds = fullMatrix ? 8 : 2;
  const dates = Array.from({ length: rounds }, (_, i) => `2025-03-${String(i + 1).padStart(2, '0')}`);
  for (const date of dates) await seedPartition(shared, { partition: `${base}/date=${date}`, files });
  const ask = await startReaders(t, shared.superuser);
  const uri = `hdfs://${shared.host}:${shared.rpcPort}${base}`;
  const undisturbed = await ask({ do: 'expect', base: uri, date: dates[0] ?? '' });
  assert.deepEqual(undisturbed, { rows, sum: (rows * (rows - 1)) / 2 });
  // A job that listed the files before, and reads them after.
  const at = { base: uri, date: '2025-02-01' };
  await seedPartition(shared, { partition: `${base}/date=${at.date}`, files });
  const words = ['--date', at.date, '--quiet-minutes', '0'];
  for (const mode of ['fold', 'rewrite']) {
    await ask({ do: 'list', ...at });
    await act(shared, base, [...words, '--mode', mode]);
    assert.equal((await ask({ do: 'read listed', ...at })).found, 'FAILED_READ_FILE.FILE_NOT_EXIST', mode);
  }
  // One that listed the merged file, which is undone then: the file of the originals is longer, and has another name.
  await ask({ do: 'list', ...at });
  await act(shared, base, ['undo', at.date]);
  assert.equal((await ask({ do: 'read listed', ...at })).found, 'FAILED_READ_FILE.FILE_NOT_EXIST', 'undo');
  await ask({ do: 'list', ...at });
  assert.equal((await ask({ do: 'read listed', ...at })).found, 'right', 'after the undo');
  for (const [round, date] of dates.entries()) {
    await ask({ do: 'read', base: uri, date });
    const consolidate = ['--date', date, '--quiet-minutes', '0'];
    // Now and then only folded first, and merged later.
    if (round % 2 === 1) await act(shared, base, [...consolidate, '--mode', 'fold']);
    await act(shared, base, consolidate);
    await ask({ do: 'go through' });
    await act(shared, base, ['undo', date]);
    await ask({ do: 'go through' });
  }
  const tallies = (await ask({ do: 'end' })) as Readonly<Record<string, Tally>>;
  for (const [reader, { passes, wrong, loud }] of Object.entries(tallies)) {
    const failures = Object.entries(loud).map(([name, times]) => `${times} ${name}`);
    t.diagnostic(
      `${reader}: ${passes} passes right, ${wrong.length} silently wrong, loud: ${failures.join(', ') || 'none'}`,
    );
    assert.deepEqual(wrong, [], reader);
    assert.ok(passes > 0, `${reader} never got through`);
    const others = Object.keys(loud).filter((name) => !expected.test(name));
    assert.deepEqual(others, [], `${reader} failed in other ways`);
  }
  assert.equal(Object.keys(tallies).length, 3);
});
