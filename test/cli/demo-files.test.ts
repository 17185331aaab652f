import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { demoFiles } from '../../src/cli/demo/demo-files.ts';
import { fillPartition } from '../../src/cli/demo/fill-partition.ts';
import { telemetryRows } from '../../src/cli/demo/vehicle-telemetry.ts';
import { tempDirectory, twoDaysMs } from './dataset.ts';

test('21 files of 4 to 45 KB, the same bytes every time, with settled times', async (t) => {
  const digests: string[] = [];
  for (const name of ['one', 'two']) {
    const directory = join(await tempDirectory(t), name);
    await fillPartition({ directory, ageMs: twoDaysMs });
    const names = (await readdir(directory)).sort();
    assert.equal(names.length, 21);
    assert.equal(names[0], 'telemetry-20250815_191132-cf-0-writer-A-1755285092851.parquet');
    assert.deepEqual(
      names,
      demoFiles().map((file) => file.name),
    );
    const hash = createHash('sha256');
    for (const file of names) {
      assert.match(file, /^telemetry-20250815_\d{6}-cf-\d-writer-[ABC]-\d{13}\.parquet$/);
      const { size, mtimeMs } = await stat(join(directory, file));
      assert.ok(size >= 4_000 && size <= 45 * 1024, `${file} has ${size} bytes`);
      assert.ok(Date.now() - mtimeMs >= twoDaysMs);
      hash.update(await readFile(join(directory, file)));
    }
    assert.ok(Date.now() - (await stat(directory)).mtimeMs >= twoDaysMs);
    digests.push(hash.digest('hex'));
  }
  assert.equal(digests[0], digests[1]);
});

test('rows are in time order within the disorder of their writers, with nulls where telemetry has them', () => {
  const rows = telemetryRows({ seed: 3, rows: 2_000, startMs: 1_755_285_092_851, spanSeconds: 60 });
  assert.equal(rows.length, 2_000);
  const share = (column: 'gps_accuracy' | 'g_force' | 'weather') =>
    rows.filter((row) => row[column] === undefined).length / rows.length;
  assert.ok(Math.abs(share('gps_accuracy') - 0.07) < 0.03);
  assert.ok(Math.abs(share('g_force') - 0.1) < 0.03);
  for (const row of rows) {
    const sinceStartUs = Number(row.event_time) - 1_755_285_092_851_000;
    assert.ok(sinceStartUs >= 0 && sinceStartUs < 60_100_000);
    assert.ok(row.speed_mph >= 0 && row.speed_mph <= 95);
    assert.ok(row.ingest_ts * 1000n > row.event_time);
  }
});
