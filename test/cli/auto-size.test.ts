import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SizingDecision } from '../../src/plan/choose-size.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf } from './cli-process.ts';
import { addPartition, date, demoDataset } from './dataset.ts';

interface Planned {
  readonly result: string;
  readonly plan: { readonly sizing?: SizingDecision };
}

test('a chosen size is one for all partitions of a run, says why, and stands in the receipt', async (t) => {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-16');
  const env = { QUERY_COLUMNS: 'vehicle_id, event_time' };
  const flags = ['--base-path', basePath, '--target-size', 'auto'];
  const range = ['--from', date, '--to', '2025-08-16'];

  const text = await runCliInProcess([...flags, '--date', date, '--dry-run'], env);
  assert.equal(text.exit, 0, text.stderr);
  assert.match(
    text.stdout,
    /📐 Target 128M, the least: of the 2 newest partitions, 90 % have 630K or less of small files/,
  );
  assert.match(
    text.stdout,
    /📐 Row groups of 50000 rows: no merged file with vehicle_id, event_time has the 4 row groups/,
  );
  const explained = await runCliInProcess(['explain', date, ...flags], env);
  assert.match(explained.stdout, /📐 Target 128M, the least/);

  const run = jsonOf(await runCliInProcess([...range, ...flags, '--output', 'json'], env));
  const partitions = run.partitions as Planned[];
  assert.deepEqual(
    partitions.map(({ result }) => result),
    ['consolidated', 'consolidated'],
  );
  const [one, other] = partitions.map(({ plan }) => plan.sizing);
  assert.ok(one !== undefined && one.arithmetic.length > 0);
  // The first was consolidated before the second was planned: the choice is that of the run all the same.
  assert.deepEqual(other, one);
  const runs = join(basePath, '_consolidation', date);
  const [runId] = (await readdir(runs)).filter((name) => name.includes('Z-'));
  const receipt = JSON.parse(await readFile(join(runs, runId ?? '', 'receipt.json'), 'utf8'));
  assert.deepEqual(receipt.record.plan.sizing, one);

  // Merged files count with what they were made of: nothing else is found the next time.
  const again = jsonOf(await runCliInProcess(['explain', date, ...flags, '--output', 'json'], env));
  const sizing = again.sizing as SizingDecision;
  assert.deepEqual(sizing.arithmetic, one.arithmetic);
  const fixed = jsonOf(
    await runCliInProcess(['explain', date, '--base-path', basePath, '--output', 'json'], env),
  );
  assert.equal(fixed.sizing, undefined);
});

test('row groups are chosen by what the merged files show of the query columns', async (t) => {
  const { basePath } = await demoDataset(t);
  const env = { QUERY_COLUMNS: 'vehicle_id' };
  const small = ['--base-path', basePath, '--date', date];
  // Merged into row groups small enough to tell.
  const first = await runCliInProcess(small, { ROW_GROUP_SIZE: '500' });
  assert.equal(first.exit, 0, first.stderr);
  await addPartition(basePath, '2025-08-16');
  const flags = ['explain', '2025-08-16', '--base-path', basePath, '--target-size', 'auto'];
  const { sizing } = jsonOf(await runCliInProcess([...flags, '--output', 'json'], env));
  const { rowGroupRows, reasons, arithmetic } = sizing as SizingDecision;
  const looked = arithmetic.find(({ name }) => name === 'looked into for vehicle_id');
  assert.ok(looked !== undefined && looked.value > 0 && looked.value <= 1);
  assert.equal(looked.inputs['row groups'], Math.ceil(10_280 / 500));
  assert.equal(rowGroupRows > 50_000, looked.value >= 0.5, reasons[1] ?? '');
  const said = await runCliInProcess(flags, { ...env, ROW_GROUP_SIZE: '500' });
  assert.match(said.stdout, /Row groups of 500 rows: compression\.row_group_size says so/);
});

test('scan goes by the chosen size too and says why, and other words are refused', async (t) => {
  const { basePath } = await demoDataset(t);
  const scan = await runCliInProcess(['scan', '--base-path', basePath, '--target-size', 'auto'], {});
  assert.equal(scan.exit, 0, scan.stderr);
  assert.match(scan.stdout, /Scanned 1 partition .*\n {2}📐 Target 128M, the least: /);
  const json = await runCliInProcess(
    ['scan', '--base-path', basePath, '--target-size', 'auto', '--output', 'json'],
    {},
  );
  const { targetSizeBytes, reasons } = jsonOf(json).sizing as SizingDecision;
  assert.equal(targetSizeBytes, 128 * 2 ** 20);
  assert.match(reasons[0] ?? '', /^Target 128M, the least: /);
  const said = await runCliInProcess(['scan', '--base-path', basePath], {});
  assert.doesNotMatch(said.stdout, /📐/);
  const wrong = await runCliInProcess(['scan', '--base-path', basePath, '--target-size', 'automatic'], {});
  assert.equal(wrong.exit, 2);
  assert.match(wrong.stderr, /--target-size is "automatic"; allowed: .* or auto/);
});
