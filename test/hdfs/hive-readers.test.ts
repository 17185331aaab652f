import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { everyIdOnce } from '../support/hdfs-reader.ts';
import { settledMs } from '../support/hdfs-seed.ts';
import { type Hive, readers, startHive } from '../support/hive.ts';
import { skipWithoutSpark } from '../support/python-env.ts';
import { usualTask } from '../support/usual-task.ts';
import { consolidateWords, date, makeBench, runOn, stepName, usualFiles } from './fault-bench.ts';
import { fullMatrix } from './full-matrix.ts';

/** A dataset as Hive knows it. */
interface Tables {
  /** What is wrong with what each way to read all of it finds; nothing when each row is found once. */
  problems(expected: ReadonlySet<number>): Promise<readonly string[]>;
}

let made = 0;

/** Makes tables of a dataset: by its partitions, of one partition's directory, and of everything below the base path. */
async function tablesOf(hive: Hive, base: string): Promise<Tables> {
  made++;
  const make = async (name: string, location: string, partitioned = ''): Promise<string> => {
    await hive.run(
      `create external table ${name}_${made} (policy_id bigint) ${partitioned} stored as parquet location '${location}'`,
    );
    return `${name}_${made}`;
  };
  const partitioned = await make('partitioned', base, 'partitioned by (`date` string)');
  // Refuses directories that are no partitions, unless they are hidden.
  await hive.run(`msck repair table ${partitioned}`);
  assert.deepEqual(await hive.run(`show partitions ${partitioned}`), [`date=${date}`]);
  const below = {
    'mapreduce.input.fileinputformat.input.dir.recursive': 'true',
    'hive.mapred.supports.subdirectories': 'true',
  };
  const ways = [
    { table: partitioned, settings: {} },
    { table: await make('directory', `${base}/date=${date}`), settings: {} },
    { table: await make('tree', base), settings: below },
  ];
  return {
    async problems(expected) {
      const found: string[] = [];
      for (const { table, settings } of ways) {
        const rows = await hive.run(`select policy_id from ${table}`, { ...readers['a fetch'], ...settings });
        const problem = everyIdOnce(rows.map(Number), expected);
        if (problem !== undefined) found.push(`${table}: ${problem}`);
      }
      return found;
    },
  };
}

/** The local store, which says when it is about to change something that lies there, and when it has. */
function watched(look: (when: string) => Promise<void>): Store {
  const store = localStore();
  const around =
    <A extends readonly unknown[], R>(name: string, work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await look(`before ${name} ${args.join(' ')}`);
      const result = await work(...args);
      await look(`after ${name} ${args.join(' ')}`);
      return result;
    };
  return {
    ...store,
    rename: around('rename', store.rename),
    hardLink: around('hardLink', store.hardLink),
    replaceFile: around('replaceFile', store.replaceFile),
    deleteFile: around('deleteFile', store.deleteFile),
    deleteDirectory: around('deleteDirectory', store.deleteDirectory),
  };
}

/** Hive takes long to fetch and to start: `npm run test:full` does it. */
if (fullMatrix) {
  const shared = await sharedCluster();
  const skip = shared === undefined ? noHdfs : skipWithoutSpark();
  for (const version of ['4.0.1', '3.1.3'] as const) {
    const started =
      shared === undefined || skip !== false
        ? undefined
        : await startHive({ version, zone: 'UTC', user: shared.superuser });
    after(() => started?.stop());
    const foldWords = [...consolidateWords, '--mode', 'fold'];
    for (const [index, words] of [
      [consolidateWords, ['undo', date]],
      [foldWords, consolidateWords, ['cleanup']],
    ].entries()) {
      test(`Hive ${version} finds every row once at every mutation on HDFS: ${words.map((of) => of.join(' ')).join(', ')}`, {
        skip,
        timeout: 1_800_000,
      }, async (t) => {
        if (shared === undefined || started === undefined) return;
        t.diagnostic(started.version);
        const bench = await makeBench(shared, `hive-${index}`);
        try {
          const tables = await tablesOf(started, `hdfs://${shared.host}:${shared.rpcPort}${bench.base}`);
          const wrong: string[] = [];
          let states = 0;
          const look = async (when: string): Promise<void> => {
            states++;
            for (const problem of await tables.problems(bench.ids)) wrong.push(`${when}: ${problem}`);
          };
          bench.proxy.ambush(
            ({ isMutation }) => isMutation,
            {
              kind: 'call',
              when: 'before',
              action: (request) => look(`before ${stepName(bench, request)}`),
            },
            { times: Number.POSITIVE_INFINITY },
          );
          for (const of of words) {
            const run = await runOn(bench, of);
            assert.equal(run.exit, 0, `${of.join(' ')}: ${run.stderr}`);
            await look(`after ${of.join(' ')}`);
          }
          assert.deepEqual(wrong, []);
          assert.ok(states > 10, `${states} states`);
          t.diagnostic(`${states} states, read in three ways`);
        } finally {
          await bench.close();
        }
      });
    }

    test(`Hive ${version} finds every row once at every step of a swap in a local directory, or the partition away`, {
      skip,
      timeout: 1_800_000,
    }, async (t) => {
      if (started === undefined) return;
      const basePath = await tempDirectory(t);
      const partition = join(basePath, `date=${date}`);
      await mkdir(partition);
      const files = await usualFiles();
      const settled = new Date(Date.now() - settledMs);
      for (const { name, bytes } of files) {
        await writeFile(join(partition, name), bytes);
        await utimes(join(partition, name), settled, settled);
      }
      await utimes(partition, settled, settled);
      const ids = new Set(files.flatMap((file) => file.ids));
      const tables = await tablesOf(started, `file:${basePath}`);
      const wrong: string[] = [];
      const states = { whole: 0, away: 0 };
      const look = async (when: string): Promise<void> => {
        const isAway = !existsSync(partition);
        states[isAway ? 'away' : 'whole']++;
        for (const problem of await tables.problems(isAway ? new Set() : ids))
          wrong.push(`${when}: ${problem}`);
      };
      const results = await consolidateDates(
        {
          store: watched(look),
          basePath,
          settings: await loadSettings({ flags: { 'base-path': basePath }, env: {} }),
          ...usualTask(),
        },
        [date],
      );
      assert.deepEqual(
        results.map(({ result }) => result),
        ['consolidated'],
      );
      const undone = await runCliInProcess(['undo', date, '--base-path', basePath], {});
      assert.equal(undone.exit, 0, undone.stderr);
      await look('after the undo');
      assert.deepEqual(wrong, []);
      assert.ok(states.whole > 10 && states.away > 0, JSON.stringify(states));
      t.diagnostic(`${states.whole} states, ${states.away} with the partition away, read in three ways`);
    });
  }
}
