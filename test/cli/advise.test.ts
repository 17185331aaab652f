import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { adviceText } from '../../src/cli/advise/advice-text.ts';
import type { SizingDecision } from '../../src/plan/choose-size.ts';
import type { Advice } from '../../src/telemetry/history/advice.ts';
import { runCliInProcess } from './cli-in-process.ts';
import { jsonOf } from './cli-process.ts';
import { addPartition, tempDirectory } from './dataset.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

test('advice from real runs: when the files were written, what the runs cost and freed, and how large to aim', async (t) => {
  const basePath = await tempDirectory(t);
  const days = Array.from({ length: 7 }, (_, i) =>
    new Date(Date.now() - (10 - i) * dayMs).toISOString().slice(0, 10),
  );
  for (const day of days) {
    const partition = await addPartition(basePath, day);
    const names = (await readdir(partition)).filter((name) => name.endsWith('.parquet'));
    const midnight = Date.parse(`${day}T00:00:00Z`) + dayMs;
    // Ten within their day, the others at 02:30 of the next.
    for (const [i, name] of names.entries()) {
      const at = new Date(midnight + (i < 10 ? -5 * hourMs : 2.5 * hourMs));
      await utimes(join(partition, name), at, at);
    }
    const lastly = new Date(midnight + 3 * hourMs);
    await utimes(partition, lastly, lastly);
  }
  const dataset = ['--base-path', basePath];
  const range = ['--from', days[0] ?? '', '--to', days.at(-1) ?? ''];
  const run = await runCliInProcess([...range, ...dataset], {});
  assert.equal(run.exit, 0, run.stderr);

  const json = jsonOf(await runCliInProcess(['advise', ...dataset, '--output', 'json'], {}));
  assert.deepEqual([json.command, json.exitCode, json.source, json.days], ['advise', 0, 'receipts', 90]);
  const { time, arrivals, arithmetic } = json as unknown as Advice;
  // All there at 03:00, two hours without a file before: three more in peace.
  assert.deepEqual(time, { hourUtc: 6, daysAfter: 1, quietMinutes: 180, daysBack: 0 });
  assert.deepEqual(
    arrivals.map(({ hour, files }) => [hour, files]),
    [
      [-5, 70],
      [2, 77],
    ],
  );
  const freed = arithmetic.find(({ name }) => name === 'files freed');
  assert.deepEqual([freed?.value, freed?.inputs.runs], [7 * 20, 7]);
  assert.equal((json.sizing as SizingDecision).targetSizeBytes, 128 * 2 ** 20);
  const view = {
    dataset: basePath,
    source: 'receipts',
    days: 30,
    command: (words: readonly string[]) => words.join(' '),
  } as const;
  const advice = json as unknown as Advice;
  const text = adviceText({ ...view, advice, sizing: json.sizing as SizingDecision });
  assert.match(text, /from the last 30 days of the receipts in the dataset/);
  assert.match(text, /\n {2}Begin at 06:00 UTC, the day after .* 47\.6 % of 147 files \(7 dates\)/);
  assert.match(
    text,
    /\nAt 06:00 UTC every day: --date yesterday --quiet-minutes 180 --target-size 128\n\nHow it/,
  );
  assert.match(
    text,
    /\n {2}quiet period = 180 minutes\n {4}\(longest pause \+ 1\) × 60, .*: longest pause 2, least 60, most 360\n/,
  );
  assert.match(text, /\n {2}target = 134,217,728 bytes\n/);
  // As it is where the dataset cannot be reached, and files come a day later.
  const later = { hourUtc: 6, daysAfter: 2, quietMinutes: 60, daysBack: 3 };
  const without = adviceText({ ...view, advice: { ...advice, time: later }, sizing: undefined });
  assert.match(
    without,
    /At 06:00 UTC every day: --date DAY --days-back 3 --quiet-minutes 60\nDAY is the date 2 days ago: date -u/,
  );
  assert.match(without, /No advice how large files should become: the dataset cannot be reached/);
});

test('a wrong number of days is refused', async (t) => {
  const wrong = await runCliInProcess(['advise', '--base-path', await tempDirectory(t), '--days', 'x'], {});
  assert.equal(wrong.exit, 2);
  assert.match(wrong.stderr, /--days is "x"; allowed: a whole number/);
});
