import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { type ParquetFooter, readFooter } from '../../src/parquet/footer.ts';
import { encoding, nameOf } from '../../src/parquet/format.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { date, tempDirectory } from '../cli/dataset.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { settledMs } from '../support/hdfs-seed.ts';
import { type Hive, readers, startHive } from '../support/hive.ts';
import { skipWithoutSpark } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';

/** Far from UTC, and with summer time: a shift of timestamps cannot go unnoticed. */
const zone = 'America/Los_Angeles';

/** Columns of test/workloads/make_telemetry.py and make_nested.py, in Hive's types. */
const workloadColumns = {
  seed21:
    'vehicle_id string, event_time timestamp, trip_id string, speed_mph double, lat double, lon double, ' +
    'accel_x float, accel_y float, accel_z float, harsh_braking boolean, odometer bigint, gps_accuracy int, ' +
    'g_force double, driver_id string, policy_id bigint, weather string, ingest_ts bigint',
  nested12:
    'id bigint, tags array<string>, track array<struct<lat:double,lon:double,kind:string>>, ' +
    'attributes map<string,int>, device struct<maker:string,model:struct<name:string,year:smallint>>, ' +
    'matrix array<array<float>>, histories map<string,array<bigint>>, seen_at timestamp, never string',
} as const;

const ownColumns =
  'id bigint, flag boolean, i8 tinyint, i16 smallint, i32 int, f32 float, f64 double, text string, short varchar(5), ' +
  'fixed char(4), bytes binary, day date, at timestamp, price_9 decimal(9,2), price_18 decimal(18,4), ' +
  'price_38 decimal(38,10), path string, list array<int>, attributes map<string,int>, nested struct<a:int,b:array<string>>';

/**
 * Rows for Hive to write, of the numbers `n` that leave `file` when divided by 6: dates before the Gregorian calendar, and
 * instants in summer and winter.
 */
const ownRows = (rows: number, file: number): string => `
  select n, if(n % 7 = 0, null, n % 2 = 0), cast(n % 100 as tinyint), cast(n as smallint), cast(n * 1000 as int),
    cast(n / 8 as float), if(n % 11 = 0, null, n / 3.0D), if(n % 5 = 0, null, concat('row ', n % 40)),
    cast(concat('v', n % 9) as varchar(5)), cast(n % 9 as char(4)), cast(concat('b', n) as binary),
    date_add(date '1500-01-01', cast(n * 700 as int)),
    cast(concat(date_add(date '2025-01-01', cast(n as int)), ' 0', n % 4, ':30:15.123456') as timestamp),
    cast(n / 100 as decimal(9,2)), cast(n * -1234.5678 as decimal(18,4)), cast(n * 12345678901234567890.5 as decimal(38,10)),
    concat('/vehicles/telemetry/parts/', lpad(cast(n as string), 8, '0')), if(n % 4 = 0, null, array(cast(n as int), cast(null as int), 3)), map('k', cast(n as int)),
    named_struct('a', cast(n as int), 'b', array('x', concat('y', n)))
  from (select ${file} + 6L * pos as n from (select posexplode(split(space(${rows - 1}), ' ')) as (pos, nothing)) p) q`;

interface Dataset {
  readonly basePath: string;
  readonly partition: string;
}

/** A dataset with these files in its partition, settled. */
async function datasetOf(t: TestContext, paths: readonly string[]): Promise<Dataset> {
  const basePath = await tempDirectory(t);
  const partition = join(basePath, `date=${date}`);
  await mkdir(partition);
  const settled = new Date(Date.now() - settledMs);
  for (const [index, path] of paths.entries()) {
    const copy = join(partition, `part-${String(index).padStart(5, '0')}.parquet`);
    await copyFile(path, copy);
    await utimes(copy, settled, settled);
  }
  await utimes(partition, settled, settled);
  return { basePath, partition };
}

/** Full paths of the files whose names are like this, in name order. */
async function filesIn(directory: string, like: RegExp): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => like.test(name)).sort();
  return names.map((name) => join(directory, name));
}

async function footersIn(directory: string): Promise<readonly ParquetFooter[]> {
  const paths = await filesIn(directory, /\.parquet$/);
  return await Promise.all(paths.map(async (path) => readFooter(memorySource(path, await readFile(path)))));
}

let tables = 0;

async function tableOf(hive: Hive, columns: string, directory: string): Promise<string> {
  tables++;
  await hive.run(
    `create external table w${tables} (${columns}) stored as parquet location 'file:${directory}'`,
  );
  return `w${tables}`;
}

/** All rows, each as Hive prints it, in an order of their own. */
async function rowsOf(hive: Hive, table: string, way: keyof typeof readers): Promise<readonly string[]> {
  return (await hive.run(`select * from ${table}`, readers[way])).toSorted();
}

const writings = [
  { codec: 'snappy', encodings: 'standard' },
  { codec: 'snappy', encodings: 'compact' },
  { codec: 'zstd', encodings: 'compact' },
  { codec: 'gzip', encodings: 'standard' },
  { codec: 'lz4_raw', encodings: 'standard' },
] as const;

const ways = ['a fetch', 'a job', 'a vectorised job'] as const;

/**
 * Consolidates the files in every way to write, and holds what Hive reads then against what it reads of the files, in
 * every way to read (what a job finds goes through text, where a list of nothing but a null is a null).
 * @param expected encodings that must be among those of `compact`
 */
async function compare(
  t: TestContext,
  hive: Hive,
  given: {
    readonly columns: string;
    readonly paths: readonly string[];
    readonly expected: readonly string[];
  },
  look: (footer: ParquetFooter) => void = () => {},
): Promise<void> {
  const { columns, paths } = given;
  const original = await datasetOf(t, paths);
  const inputs = await tableOf(hive, columns, original.partition);
  const wanted = new Map<string, readonly string[]>();
  for (const way of ways) wanted.set(way, await rowsOf(hive, inputs, way));
  for (const writing of writings) {
    const dataset = await datasetOf(t, paths);
    const footer = await consolidated(dataset, writing);
    assert.ok(footer.rowGroups.length > 1);
    look(footer);
    const used = new Set(
      footer.rowGroups.flatMap(({ chunks }) =>
        chunks.flatMap((chunk) => chunk.encodings.map((one) => nameOf(encoding, one))),
      ),
    );
    const absent = given.expected.filter((name) => !used.has(name));
    if (writing.encodings === 'compact') assert.deepEqual(absent, []);
    const merged = await tableOf(hive, columns, dataset.partition);
    for (const way of ways) {
      const found = await rowsOf(hive, merged, way);
      const expected = wanted.get(way) ?? [];
      const what = `${writing.codec}, ${writing.encodings}, ${way}`;
      assert.equal(found.length, expected.length, what);
      const index = found.findIndex((row, i) => row !== expected[i]);
      assert.equal(found[index], expected[index], what);
    }
  }
}

/** Consolidates the files and returns the footer of the one that is there then. */
async function consolidated(
  dataset: Dataset,
  { codec, encodings }: { readonly codec: string; readonly encodings: string },
): Promise<ParquetFooter> {
  const words = ['--date', date, '--base-path', dataset.basePath];
  const run = await runCliInProcess(words, {
    COMPRESSION_CODEC: codec,
    COMPRESSION_ENCODINGS: encodings,
    ROW_GROUP_SIZE: '1000',
  });
  assert.equal(run.exit, 0, run.stderr);
  const [footer, ...others] = await footersIn(dataset.partition);
  assert.equal(others.length, 0, run.stdout);
  assert.ok(footer !== undefined);
  return footer;
}

/** Hive takes long to fetch and to start: `npm run test:full` does it. */
if (fullMatrix) {
  const skip = skipWithoutSpark();
  const started = skip === false ? await startHive({ zone }) : undefined;
  after(() => started?.stop());

  for (const [name, expected] of [
    ['seed21', ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT']],
    ['nested12', []],
  ] as const) {
    test(`Hive reads what was merged of pyarrow's files as it reads those: ${name}`, {
      skip,
      timeout: 1_800_000,
    }, async (t) => {
      if (started === undefined) return;
      t.diagnostic(started.version);
      const paths = await filesIn(await workloadDirectory(name), /\.parquet$/);
      await compare(t, started, { columns: workloadColumns[name], paths, expected });
    });
  }

  test('Hive reads what was merged of its own files as it reads those, in its own time zone', {
    skip,
    timeout: 1_800_000,
  }, async (t) => {
    if (started === undefined) return;
    const written = await tempDirectory(t);
    const source = await tableOf(started, ownColumns, written);
    for (const file of [0, 1, 2, 3, 4, 5]) await started.run(`insert into ${source} ${ownRows(250, file)}`);
    const paths = await filesIn(written, /^[^._]/);
    assert.equal(paths.length, 6);
    const own = await readFooter(memorySource('own', await readFile(paths[0] ?? '')));
    const metadata = new Map(own.keyValues.map(({ key, value }) => [key, value]));
    assert.equal(metadata.get('writer.time.zone'), zone);
    assert.match(own.createdBy ?? '', /^parquet-mr /);

    await compare(
      t,
      started,
      { columns: ownColumns, paths, expected: ['DELTA_BYTE_ARRAY'] },
      ({ createdBy, keyValues }) => {
        assert.match(createdBy ?? '', /^parquet-mr /);
        for (const [key, value] of metadata) {
          assert.equal(keyValues.find((pair) => pair.key === key)?.value, value, key);
        }
      },
    );
  });

  test('no condition that Hive pushes down loses a row', { skip, timeout: 1_800_000 }, async (t) => {
    if (started === undefined) return;
    const source = await workloadDirectory('seed21');
    const dataset = await datasetOf(t, await filesIn(source, /\.parquet$/));
    await consolidated(dataset, { codec: 'snappy', encodings: 'standard' });
    const columns = workloadColumns.seed21;
    const [inputs, merged] = [
      await tableOf(started, columns, source),
      await tableOf(started, columns, dataset.partition),
    ];
    const counted = async (table: string, condition: string, pushes: boolean): Promise<number> => {
      const settings = { ...readers['a fetch'], 'hive.optimize.index.filter': String(pushes) };
      return (await started.run(`select policy_id from ${table} where ${condition}`, settings)).length;
    };
    let some = 0;
    for (const condition of [
      'policy_id = 207685',
      'policy_id > 250000',
      'speed_mph between 30 and 31',
      'accel_x < -0.1',
      "weather = 'fog'",
      "weather in ('rain', 'snow')",
      'trip_id is null',
      'gps_accuracy is not null and gps_accuracy <= 3',
      'harsh_braking',
      "vehicle_id >= 'VEH-005000' and odometer < 30000",
      "event_time < timestamp '2025-08-15 12:30:00'",
      'ingest_ts = 1755285461852',
      "driver_id = 'nobody'",
    ]) {
      const rows = await counted(inputs, condition, false);
      if (rows > 0) some++;
      assert.equal(await counted(merged, condition, true), rows, condition);
    }
    assert.ok(some > 8, `${some} conditions hold for some rows`);
  });

  test('Hive 3 reads what is written by default, and refuses what its parquet-java does not know', {
    skip,
    timeout: 1_800_000,
  }, async (t) => {
    if (started === undefined) return;
    const hive = await startHive({ version: '3.1.3', zone });
    try {
      t.diagnostic(hive.version);
      for (const [name, columns] of [
        // It has no timestamps of 64 bits.
        ['seed21', workloadColumns.seed21.replace('event_time timestamp', 'event_time bigint')],
        ['nested12', workloadColumns.nested12],
      ] as const) {
        const paths = await filesIn(await workloadDirectory(name), /\.parquet$/);
        const original = await datasetOf(t, paths);
        const expected = await rowsOf(hive, await tableOf(hive, columns, original.partition), 'a fetch');
        for (const writing of writings) {
          const dataset = await datasetOf(t, paths);
          await consolidated(dataset, writing);
          const merged = await tableOf(hive, columns, dataset.partition);
          const reading = rowsOf(hive, merged, 'a fetch');
          const what = `${name}, ${writing.codec}, ${writing.encodings}`;
          if (writing.encodings === 'standard' && writing.codec !== 'lz4_raw') {
            assert.deepEqual(await reading, expected, what);
          } else {
            // Not of one column, but of the footer: nothing of such a file can be read.
            await assert.rejects(reading, /Required field '(encoding|codec)' was not present/, what);
          }
        }
      }
    } finally {
      await hive.stop();
    }
  });
}
