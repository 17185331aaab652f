import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { addDays } from '../../src/partition/partition-dates.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { type CliRun, jsonOf } from './cli-process.ts';
import { addPartition, parquetNames, settle, tempDirectory } from './dataset.ts';

const first = '2025-08-01';
const last = '2025-08-31';
const range = ['--from', first, '--to', last];

function run(basePath: string, ...args: string[]): Promise<CliRun> {
  return runCliInProcess([...args, '--base-path', basePath, '--output', 'json'], {});
}

function datesOf(cli: CliRun): readonly string[] {
  const { partitions } = jsonOf(cli) as { partitions: PartitionResult[] };
  return partitions.map(({ date }) => date);
}

/** Five partitions of the range, the last three times as heavy, one before and one after it. */
async function dataset(t: Parameters<typeof tempDirectory>[0]) {
  const basePath = await tempDirectory(t);
  const dates = Array.from({ length: 5 }, (_, index) => addDays(first, index * 7));
  for (const date of dates) await addPartition(basePath, date, date === dates.at(-1) ? 3 : 1);
  for (const date of ['2025-07-31', '2025-09-01']) await addPartition(basePath, date);
  return { basePath, dates };
}

test('a range is every partition there is in it, and nothing else', async (t) => {
  const { basePath, dates } = await dataset(t);
  assert.deepEqual(datesOf(await run(basePath, ...range, '--dry-run')), dates);

  const done = await run(basePath, ...range);
  assert.equal(done.exit, 0, done.stderr);
  for (const date of dates) {
    assert.equal((await parquetNames(join(basePath, `date=${date}`))).length, 1, date);
  }
  assert.equal((await parquetNames(join(basePath, 'date=2025-07-31'))).length, 21);

  const none = await runCliInProcess(
    ['--from', '2020-01-01', '--to', '2020-12-31', '--base-path', basePath],
    {},
  );
  assert.equal(none.exit, 0);
  assert.match(
    none.stdout,
    /Nothing to do: there is no partition from 2020-01-01 to 2020-12-31 that is called as date=/,
  );
});

test('shards are disjoint, complete and balanced, also when some are done before others begin', async (t) => {
  const { basePath, dates } = await dataset(t);
  const shards: (readonly string[])[] = [];
  for (const index of [0, 1]) {
    const cli = await run(basePath, ...range, '--shard', `${index}/2`);
    assert.equal(cli.exit, 0, cli.stderr);
    shards.push(datesOf(cli));
  }
  assert.deepEqual(shards.flat().toSorted(), dates);
  // Three times as heavy as each of the others: one of them goes with it.
  assert.deepEqual(shards.map(({ length }) => length).toSorted(), [2, 3]);
  for (const date of dates)
    assert.equal((await parquetNames(join(basePath, `date=${date}`))).length, 1, date);

  const again = await run(basePath, ...range, '--shard', '1/2');
  assert.deepEqual(datesOf(again), shards[1], 'after a restart');
  assert.equal(again.exit, 0);
});

test('a dry run shows a shard and writes no plan', async (t) => {
  const { basePath } = await dataset(t);
  const before = await readdir(basePath);
  const shown = await run(basePath, ...range, '--shard', '1/2', '--dry-run');
  assert.equal(shown.exit, 0, shown.stderr);
  assert.deepEqual(await readdir(basePath), before);
  assert.deepEqual(datesOf(await run(basePath, ...range, '--shard', '1/2')), datesOf(shown));
  const plans = await readdir(join(basePath, '_consolidation', 'shards'));
  assert.deepEqual(plans, [`${first}_${last}_2.json`]);
});

test('more shards than partitions leave some with nothing to do', async (t) => {
  const { basePath } = await dataset(t);
  const args = ['--from', first, '--to', first, '--shard', '1/2', '--base-path', basePath];
  const cli = await runCliInProcess(args, {});
  assert.equal(cli.exit, 0, cli.stderr);
  assert.match(
    cli.stdout,
    /Nothing to do: shard 1 of 2 has none of the partitions from 2025-08-01 to 2025-08-01\n/,
  );
});

test('a plan of another range, and a damaged one, are refused with the way out', async (t) => {
  const { basePath } = await dataset(t);
  const named = ['--shard', '0/2', '--shard-plan', 'august'];
  assert.equal((await run(basePath, ...range, ...named)).exit, 0);
  const other = await run(basePath, '--from', first, '--to', '2025-08-30', ...named);
  assert.equal(other.exit, 2);
  assert.match(
    other.stderr,
    /august\.json is for 2025-08-01 to 2025-08-31 in 2 shards; asked for: 2025-08-01 to 2025-08-30 in 2/,
  );

  await writeFile(join(basePath, '_consolidation', 'shards', 'august.json'), '{"from":');
  const damaged = await run(basePath, ...range, ...named);
  assert.equal(damaged.exit, 2);
  assert.match(damaged.stderr, /august\.json is damaged[\s\S]*delete it/);
});

test('a plan nobody goes by any more is deleted after 30 days, one in use is not', async (t) => {
  const { basePath } = await dataset(t);
  const directory = join(basePath, '_consolidation', 'shards');
  assert.equal((await run(basePath, ...range, '--shard', '0/2')).exit, 0);
  const age = async (name: string, days: number): Promise<void> => {
    const time = new Date(Date.now() - days * 86_400_000);
    await utimes(join(directory, name), time, time);
  };
  const plan = `${first}_${last}_2.json`;
  const staged = 'x.20250101T000000Z-000000.staged';
  await writeFile(join(directory, 'old.json'), await readFile(join(directory, plan)));
  await writeFile(join(directory, staged), '');
  await age('old.json', 31);
  await age(plan, 31);
  await age(staged, 2);
  assert.equal((await run(basePath, ...range, '--shard', '1/2')).exit, 0);
  assert.deepEqual(await readdir(directory), [plan]);
});

test('what cannot be meant is refused before anything is looked at', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--from', first], /no --to/],
    [['--to', last], /no --from/],
    [[...range, '--date', first], /--date and --from are both given/],
    [[...range, '--days-back', '2'], /--days-back and --from/],
    [['--date', first, '--shard', '0/2'], /--shard is given, but no --from/],
    [[...range, '--shard-plan', 'x'], /--shard-plan is given, but no --shard/],
    [['--from', last, '--to', first], /--from 2025-08-31 is after --to 2025-08-01/],
    [['--from', 'tomorrow', '--to', last], /--from is "tomorrow"/],
    [[...range, '--shard', '2/2'], /--shard is "2\/2"; allowed: I\/N/],
    [[...range, '--shard', '1'], /--shard is "1"/],
    [[...range, '--shard', '0/2', '--shard-plan', '../x'], /--shard-plan is "\.\.\/x"/],
  ];
  for (const [args, problem] of cases) {
    const cli = await runCliInProcess([...args, '--base-path', '/nowhere'], {});
    assert.equal(cli.exit, 2, args.join(' '));
    assert.match(cli.stderr, problem);
  }
});

test('a partition that cannot be listed is given to a shard all the same, which says what is wrong', async (t) => {
  const { basePath, dates } = await dataset(t);
  await writeFile(join(basePath, 'date=2025-08-02'), 'no directory');
  await mkdir(join(basePath, 'date=2025-08-03'));
  await settle(join(basePath, 'date=2025-08-03'));
  const found: string[] = [];
  const exits: (number | string)[] = [];
  for (const index of [0, 1, 2]) {
    const cli = await run(basePath, ...range, '--shard', `${index}/3`);
    found.push(...datesOf(cli));
    exits.push(cli.exit);
  }
  assert.deepEqual(found.toSorted(), [...dates, '2025-08-02', '2025-08-03'].toSorted());
  assert.equal(exits.filter((exit) => exit !== 0).length, 1);
});
