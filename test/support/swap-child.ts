/**
 * A process of its own for the swap tests. Arguments: what to do, base path, and for `die` the number of the mutation
 * before which it kills itself with SIGKILL. Prints one JSON line and exits with the program's exit code.
 *
 *     consolidate BASE [AT]     one consolidation
 *     undo BASE [AT]            one undo
 *     read BASE                 lists and reads the partition until stdin ends; prints {listings, absent, anomalies}
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsolidatorError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import { makeRunId } from '../../src/partition/names.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { faultStore } from './fault-store.ts';
import { consolidate, date, fixtureAt, neverStaged, quickStore } from './swap-fixture.ts';

const [, , action, basePath = '', at] = process.argv;
const fixture = fixtureAt(basePath);
const store = at === undefined ? localStore() : faultStore(quickStore(), { at: Number(at), mode: 'kill' });
const runId = makeRunId(Date.now(), Math.floor(Math.random() * 2 ** 24));

if (action === 'read') {
  await read();
} else {
  try {
    if (action === 'undo') {
      await undoRun({
        store,
        basePath,
        date,
        newRunId: runId,
        toolVersion: '0',
        stage: neverStaged,
        log: silentLogger,
      });
      say({ done: true });
    } else {
      const receipt = await consolidate(store, fixture, { runId });
      say({ done: receipt !== undefined, runId });
    }
  } catch (error) {
    if (!(error instanceof ConsolidatorError)) throw error;
    say({ code: error.code, message: error.message, dataState: error.dataState, hint: error.hint });
    process.exitCode = error.exitCode;
  }
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/**
 * What readers do: list once, then open what the listing named. A file that is gone by then means the listing was of the
 * state before the swap; the reader fails loudly and starts again. Anything else must be every row exactly once.
 */
async function read(): Promise<void> {
  const counts = { listings: 0, absent: 0, outdated: 0, anomalies: 0, first: '' };
  let ended = false;
  process.stdin.on('end', () => {
    ended = true;
  });
  process.stdin.resume();
  const expected = process.env.EXPECTED_ROWS ?? '';
  say({ ready: true });
  while (!ended) {
    for (let i = 0; i < 50; i++) readOnce(expected, counts);
    await new Promise((resolve) => setImmediate(resolve));
  }
  say(counts);
}

function readOnce(
  expected: string,
  counts: { listings: number; absent: number; outdated: number; anomalies: number; first: string },
): void {
  counts.listings++;
  const rows: string[] = [];
  let step = 'list';
  try {
    const names = readdirSync(fixture.partition);
    step = 'open';
    for (const name of names) {
      if (!name.endsWith('.parquet')) continue;
      const lines = readFileSync(join(fixture.partition, name), 'utf8').split('\n');
      rows.push(...lines.filter((line) => line !== '' && line !== 'merged'));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    counts[step === 'list' ? 'absent' : 'outdated']++;
    return;
  }
  const found = rows.sort().join(',');
  if (found === expected) return;
  counts.anomalies++;
  counts.first ||= found;
}
