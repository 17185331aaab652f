import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPartition } from '../../src/plan/plan-partition.ts';
import { defaultPolicy } from '../../src/plan/policy.ts';
import { settledByListing } from '../../src/plan/settled-by-listing.ts';
import {
  afterMerge,
  binsOf,
  candidate,
  entryOf,
  files,
  hourMs,
  inputOf,
  nowMs,
  partitionPath,
  policy,
  reasonOf,
  rulesOf,
} from './plan-fixtures.ts';

test('small files of one cohort become one bin in byte order of their names', () => {
  const names = ['z', 'a', '\u{1F600}', '\uFF5E', 'é', 'B'];
  const candidates = names.map((name, i) => candidate({ name, sizeBytes: 10 + i, rows: i }));
  const plan = planPartition(inputOf(candidates), policy);
  assert.equal(plan.decision, 'consolidate');
  assert.equal(plan.rule, 'small-files');
  assert.equal(plan.reason, '6 small files (75) become 1 file');
  // U+FF5E before U+1F600: by UTF-8 bytes; by UTF-16 units it would be the other way round.
  assert.deepEqual(binsOf(plan), [['B', 'a', 'z', 'é', '\uFF5E', '\u{1F600}']]);
  const [bin] = plan.bins;
  assert.equal(bin?.rows, 15);
  assert.equal(bin?.sizeBytes, 75);
  assert.equal(bin?.inputSizeBytes, 75);
  assert.deepEqual(bin?.attributes, { owner: 'etl', group: 'lake', mode: 0o640, acl: [] });
  assert.equal(
    reasonOf(plan, 'a'),
    '11, below 750 (0.75 of the target of 1000): merged with 5 other files into bin 0',
  );
});

test('a file of three quarters of the target stays, one byte less does not', () => {
  const plan = planPartition(
    inputOf([
      ...files('a', 4, 10),
      candidate({ name: 'b', sizeBytes: 750 }),
      candidate({ name: 'c', sizeBytes: 749 }),
    ]),
    policy,
  );
  assert.equal(rulesOf(plan).b, 'keep already-large');
  assert.equal(reasonOf(plan, 'b'), '750, not below 750 (0.75 of the target of 1000): large enough as it is');
  assert.deepEqual(binsOf(plan), [['a00', 'a01', 'a02', 'a03', 'c']]);
});

test('below the minimum nothing is merged, and the reason counts per cohort', () => {
  const plan = planPartition(
    inputOf([
      ...files('a', 4, 10),
      ...files('b', 3, 10, { schemaKey: 'other' }),
      ...files('c', 1, 10, { mode: 0o600 }),
    ]),
    policy,
  );
  assert.equal(plan.decision, 'nothing');
  assert.equal(plan.rule, 'nothing-to-merge');
  assert.equal(
    plan.reason,
    'Nothing to merge among 8 data files: 8 small, too few or too large to merge with each other',
  );
  assert.deepEqual(new Set(Object.values(rulesOf(plan))), new Set(['keep below-minimum']));
  assert.equal(
    reasonOf(plan, 'a00'),
    'Only 4 new small files share this schema, owner, group and mode; 5 are needed (--min-files). ' +
      'Not counted, because merged apart: 3 small files (another schema), 1 small file (mode 0600 instead of 0640)',
  );
  assert.equal(planPartition(inputOf(files('a', 4, 10)), { ...policy, minFiles: 4 }).bins.length, 1);
});

test('one file alone never becomes a bin, whatever the minimum', () => {
  const plan = planPartition(inputOf(files('a', 1, 10)), { ...policy, minFiles: 1 });
  assert.equal(plan.decision, 'nothing');
  assert.equal(reasonOf(plan, 'a00'), 'Only 1 new small file; 2 are needed (--min-files)');
});

test('the minimum counts in the cohort, so that middling files are merged too', () => {
  const plan = planPartition(inputOf(files('a', 7, 300)), policy);
  assert.deepEqual(
    binsOf(plan).map((bin) => bin.length),
    [3, 3],
  );
  assert.equal(rulesOf(plan).a06, 'keep left-over');
  assert.equal(
    reasonOf(plan, 'a06'),
    'The bins are filled, and 1 small file left over: 5 are needed for another merge (--min-files); beside merged files one is ' +
      'enough once it is older than 30 days (late_data.max_age_days), if there is room for it',
  );
});

test('files of which no two fit into a bin stay, with the limits in the reason', () => {
  const plan = planPartition(inputOf(files('a', 6, 600)), policy);
  assert.equal(plan.decision, 'nothing');
  assert.equal(
    reasonOf(plan, 'a00'),
    '600, 1 row group: with a neighbour in name order it would exceed what one bin may hold (1000, 30000 row groups, 16M of footer)',
  );
});

test('a bin closes at its limits of files, row groups and footer bytes', () => {
  const lengths = (limits: object) =>
    binsOf(planPartition(inputOf(files('a', 12, 10, { rowGroups: 2 })), { ...policy, ...limits })).map(
      (bin) => bin.length,
    );
  assert.deepEqual(lengths({}), [12]);
  assert.deepEqual(lengths({ maxFilesPerBin: 5 }), [5, 5, 2]);
  assert.deepEqual(lengths({ maxRowGroupsPerBin: 13 }), [6, 6]);
  assert.deepEqual(lengths({ maxFooterTailBytes: 6 * 110 * 7 }), [7, 5]);
  assert.deepEqual(lengths({ maxRowGroupsPerBin: 1 }), []);
});

test('cohorts are split by every attribute and by schema; ACL entries have no order', () => {
  const differing = [
    { schemaKey: 's2' },
    { owner: 'o2' },
    { group: 'g2' },
    { mode: 0o600 },
    { acl: ['user:x:r--'] },
  ];
  for (const difference of differing) {
    const plan = planPartition(inputOf([...files('a', 5, 10), ...files('b', 5, 10, difference)]), policy);
    assert.deepEqual(
      plan.bins.map((bin) => bin.inputs[0]?.name),
      ['a00', 'b00'],
    );
  }
  const acls = [...files('a', 3, 10, { acl: ['x', 'y'] }), ...files('b', 3, 10, { acl: ['y', 'x'] })];
  assert.equal(planPartition(inputOf(acls), policy).bins.length, 1);
});

test('a bin may reach its target and not pass it', () => {
  const lengths = (candidates: ReturnType<typeof files>) =>
    binsOf(planPartition(inputOf(candidates), policy)).map((bin) => bin.length);
  assert.deepEqual(lengths(files('a', 10, 100)), [10]);
  assert.deepEqual(lengths([...files('a', 9, 100), ...files('b', 1, 101)]), [9]);
  assert.deepEqual(lengths(files('a', 11, 100)), [10]);
});

test('what a first pass leaves over is packed again, so that no second run has to', () => {
  const candidates = Array.from({ length: 5 }, (_, i) => [
    candidate({ name: `${i}a`, sizeBytes: 300 }),
    candidate({ name: `${i}b`, sizeBytes: 720 }),
    candidate({ name: `${i}c`, sizeBytes: 250 }),
  ]).flat();
  const plan = planPartition(inputOf(candidates), policy);
  assert.deepEqual(binsOf(plan), [
    ['0a', '1a', '2a'],
    ['0b', '0c'],
    ['1b', '1c'],
    ['2b', '2c'],
    ['3a', '4a'],
    ['3b', '3c'],
    ['4b', '4c'],
  ]);
  assert.equal(planPartition(inputOf(afterMerge(plan, candidates)), policy).decision, 'nothing');
});

test('a file of ours counts with its length when that is more than what it was made of', () => {
  const ours = { inputSizeBytes: 100, inputFiles: 5, runId: 'r' };
  const plan = planPartition(
    inputOf([candidate({ name: 'm', sizeBytes: 800, ours }), ...files('n', 5, 90)]),
    policy,
  );
  assert.equal(rulesOf(plan).m, 'keep already-large');
});

test('the new files that a file of ours needs must fit into its own bin', () => {
  const ours = { inputSizeBytes: 400, inputFiles: 5, runId: 'r' };
  const sizes = [300, 200, 300, 300, 300];
  const fresh = sizes.map((sizeBytes, i) => candidate({ name: `n${i}`, sizeBytes }));
  const plan = planPartition(inputOf([candidate({ name: 'm', sizeBytes: 240, ours }), ...fresh]), policy);
  assert.deepEqual(binsOf(plan), [
    ['n0', 'n1', 'n2'],
    ['n3', 'n4'],
  ]);
  assert.equal(rulesOf(plan).m, 'keep own-file');
});

test('a file of ours counts with the bytes it was made of', () => {
  const ours = { inputSizeBytes: 800, inputFiles: 21, runId: 'run-1' };
  const plan = planPartition(
    inputOf([candidate({ name: 'm', sizeBytes: 400, ours }), ...files('n', 5, 90)]),
    policy,
  );
  assert.equal(rulesOf(plan).m, 'keep already-large');
  assert.equal(
    reasonOf(plan, 'm'),
    'It was made of 21 files (800) by run run-1 and counts with 800, not below 750 (0.75 of the target of 1000): large enough as it is',
  );
});

test('a file of ours is merged again only with enough new files that have a quarter of its rows', () => {
  const ours = { inputSizeBytes: 400, inputFiles: 21, runId: 'run-1' };
  const own = candidate({ name: 'm', sizeBytes: 240, ours });
  const joined = planPartition(inputOf([own, ...files('n', 5, 20)]), policy);
  assert.deepEqual(binsOf(joined), [['m', 'n00', 'n01', 'n02', 'n03', 'n04']]);
  assert.equal(joined.bins[0]?.inputSizeBytes, 500);
  assert.equal(joined.bins[0]?.sizeBytes, 340);
  assert.equal(rulesOf(joined).m, 'merge own-file-with-new-data');
  assert.equal(
    reasonOf(joined, 'm'),
    'It was made of 21 files (400) by run run-1; 5 new files (100) make it worth merging again, with 5 other files into bin 0',
  );

  const tooLittle = planPartition(inputOf([own, ...files('n', 5, 19)]), policy);
  assert.deepEqual(binsOf(tooLittle), [['n00', 'n01', 'n02', 'n03', 'n04']]);
  assert.equal(rulesOf(tooLittle).m, 'keep own-file');
  assert.equal(
    reasonOf(tooLittle, 'm'),
    'It was made of 21 files (400) by run run-1; it is merged again only together with at least 5 new small files of its ' +
      'schema and attributes that have 100 rows (late_data.min_share of 0.25) and fit into one bin with it; beside merged files ' +
      'one is enough once it is older than 30 days (late_data.max_age_days), if there is room for it',
  );

  const tooFew = planPartition(inputOf([own, ...files('n', 4, 60)]), policy);
  assert.equal(tooFew.decision, 'nothing');
  assert.equal(
    tooFew.reason.endsWith('1 merged before, 4 small, too few or too large to merge with each other'),
    true,
  );
});

test('of several files of ours the largest is dropped first', () => {
  const own = (name: string, inputSizeBytes: number) =>
    candidate({ name, sizeBytes: 10, ours: { inputSizeBytes, inputFiles: 5, runId: 'r' } });
  const plan = planPartition(inputOf([own('a', 60), own('b', 700), ...files('n', 5, 10)]), policy);
  assert.deepEqual(binsOf(plan), [['a', 'n00', 'n01', 'n02', 'n03', 'n04']]);
});

test('an unreadable file refuses the whole partition and is named', () => {
  const plan = planPartition(
    inputOf([
      ...files('a', 6, 10),
      candidate({ name: 'bad', sizeBytes: 10, unreadable: 'its footer is encrypted' }),
    ]),
    policy,
  );
  assert.equal(plan.decision, 'refuse');
  assert.equal(plan.rule, 'unreadable-file');
  assert.equal(
    plan.reason,
    `${partitionPath}/bad cannot be read, so nothing in this partition is merged: its footer is encrypted. Repair it or move it out of the partition`,
  );
  assert.deepEqual(plan.bins, []);
  assert.equal(rulesOf(plan).bad, 'refuse unreadable-file');
  assert.equal(rulesOf(plan).a00, 'keep partition-refused');
});

test('entries that are no data get the reason they came with', () => {
  const candidates = files('a', 5, 10);
  const entries = [
    ...candidates.map(entryOf),
    {
      ...entryOf(candidate({ name: '_SUCCESS', sizeBytes: 0 })),
      notData: { rule: 'success-marker', reason: 'stays' },
    },
    entryOf(candidate({ name: 'empty', sizeBytes: 0 })),
  ];
  const foreign = [{ name: 'empty', rule: 'empty-file', reason: 'It has 0 bytes' }];
  const plan = planPartition(inputOf(candidates, { entries }, { foreign }), policy);
  assert.equal(plan.decision, 'consolidate');
  assert.equal(rulesOf(plan)._SUCCESS, 'ignore success-marker');
  assert.equal(rulesOf(plan).empty, 'ignore empty-file');
  assert.deepEqual(
    plan.files.map(({ name }) => name),
    ['_SUCCESS', 'a00', 'a01', 'a02', 'a03', 'a04', 'empty'],
  );
});

test('what the swap cannot take over refuses a merge, and nothing else', () => {
  const path = `${partitionPath}/hour=00`;
  const obstacles = [{ path, rule: 'partition-not-flat', reason: 'it is a directory' }];
  const planOf = (count: number) => planPartition(inputOf(files('a', count, 10), { obstacles }), policy);
  assert.equal(planOf(5).decision, 'refuse');
  assert.equal(planOf(5).rule, 'partition-not-flat');
  assert.equal(planOf(5).reason, `${path} is in the way: it is a directory`);
  assert.deepEqual(planOf(5).bins, []);
  assert.equal(rulesOf(planOf(5)).a00, 'keep partition-refused');
  assert.equal(planOf(4).decision, 'nothing');
});

test('the quiet period runs from the newest of data files and directory, by the time of the store', () => {
  const young = nowMs - 12 * 60_000;
  const byFile = planPartition(
    inputOf([...files('a', 5, 10), ...files('b', 1, 10, { modifiedAtMs: young })]),
    policy,
  );
  assert.equal(byFile.decision, 'wait');
  assert.equal(byFile.rule, 'quiet-period');
  assert.equal(byFile.qualifiesAtMs, young + hourMs);
  assert.equal(
    byFile.reason,
    `${partitionPath}/b00 changed 2025-08-20T11:48:00Z, 12 min ago; the partition must lie still for 60 min ` +
      '(--quiet-minutes) and qualifies at 2025-08-20T12:48:00Z',
  );
  assert.deepEqual(byFile.bins, []);
  assert.equal(rulesOf(byFile).a00, 'keep quiet-period');

  const byDirectory = planPartition(inputOf(files('a', 5, 10), { modifiedAtMs: young }), policy);
  assert.equal(byDirectory.qualifiesAtMs, young + hourMs);
  assert.ok(byDirectory.reason.startsWith(`${partitionPath} changed `));

  const justQuiet = inputOf(files('a', 5, 10), { modifiedAtMs: nowMs - hourMs });
  assert.equal(planPartition(justQuiet, policy).decision, 'consolidate');
  const off = inputOf(files('a', 5, 10), { modifiedAtMs: nowMs + hourMs });
  assert.equal(planPartition(off, { ...policy, quietMs: 0 }).decision, 'consolidate');
  assert.equal(planPartition(off, policy).decision, 'wait');
});

test('hidden files do not disturb the quiet period; empty ones do, since a writer may have just begun', () => {
  const candidates = files('a', 5, 10);
  const late = entryOf(candidate({ name: 'x', sizeBytes: 0, modifiedAtMs: nowMs }));
  const hidden = { ...late, notData: { rule: 'hidden-name', reason: 'hidden' } };
  const foreign = [{ name: 'x', rule: 'empty-file', reason: 'empty' }];
  const plan = (entry: typeof late) =>
    planPartition(inputOf(candidates, { entries: [...candidates.map(entryOf), entry] }, { foreign }), policy);
  assert.equal(plan(hidden).decision, 'consolidate');
  assert.equal(plan(late).decision, 'wait');
});

test('a young partition waits even for an unreadable file, and one with nothing to merge never waits', () => {
  const bad = candidate({ name: 'bad', sizeBytes: 10, unreadable: 'torn', modifiedAtMs: nowMs });
  const waiting = planPartition(inputOf([bad]), policy);
  assert.equal(waiting.decision, 'wait');
  assert.equal(rulesOf(waiting).bad, 'keep unreadable-file');
  assert.equal(
    planPartition(inputOf(files('a', 2, 10, { modifiedAtMs: nowMs })), policy).decision,
    'nothing',
  );
});

test('what the listing alone decides needs no footers', () => {
  const candidates = files('a', 5, 10);
  const busy = {
    kind: 'busy',
    path: `${partitionPath}/_temporary`,
    owner: 'a Spark job',
    modifiedAtMs: nowMs - 3 * hourMs,
  } as const;
  const delta = {
    kind: 'table-format',
    path: '/data/_delta_log',
    owner: 'Delta Lake',
    modifiedAtMs: 0,
  } as const;
  const settled = (...args: Parameters<typeof inputOf> extends [unknown, ...infer Rest] ? Rest : never) => {
    const plan = settledByListing(inputOf(candidates, ...args));
    assert.deepEqual(plan, planPartition(inputOf(candidates, ...args), policy));
    assert.deepEqual(plan?.bins, []);
    return [plan?.decision, plan?.rule, plan?.reason];
  };
  assert.deepEqual(settled({ absent: true, entries: [] }), [
    'nothing',
    'absent',
    'There is no partition /data/date=2025-08-15',
  ]);
  assert.deepEqual(settled({}, { onHold: true }), [
    'nothing',
    'on-hold',
    '/data/date=2025-08-15 is on hold, because its last consolidation was undone; --force consolidates it again',
  ]);
  assert.deepEqual(settled({ markers: [busy, delta] }, { onHold: true }), [
    'refuse',
    'table-format',
    '/data/_delta_log shows that Delta Lake keeps its own list of these files, which a merge would break; use its own compaction',
  ]);
  assert.deepEqual(settled({ markers: [busy] }), [
    'wait',
    'busy',
    '/data/date=2025-08-15/_temporary belongs to a Spark job (last changed 2025-08-20T09:00:00Z, 3 h ago); ' +
      'a later run will do this partition. If no such job is alive, delete it',
  ]);
  assert.deepEqual(settled({ date: '2025-08-20' }), [
    'wait',
    'current-day',
    '2025-08-20 is the current day, writers are at work; it qualifies when the day is over, or with --date today',
  ]);
  assert.deepEqual(settled({ date: '2025-08-21' }).slice(0, 2), ['wait', 'current-day']);
  assert.equal(settledByListing(inputOf(candidates)), undefined);
});

test('the current day is consolidated when asked for, the quiet period still holds', () => {
  const asked = { currentDayAllowed: true };
  const today = { date: '2025-08-20' };
  assert.equal(planPartition(inputOf(files('a', 5, 10), today, asked), policy).decision, 'consolidate');
  const young = files('a', 5, 10, { modifiedAtMs: nowMs });
  assert.equal(planPartition(inputOf(young, today, asked), policy).decision, 'wait');
});

test('files whose metadata says that values are read otherwise are merged apart', () => {
  const asList = { 'ARROW:schema': 'a' };
  const asVector = { 'ARROW:schema': 'b' };
  const plan = planPartition(
    inputOf([
      ...files('a', 5, 10, { reading: asList }),
      ...files('b', 5, 10, { reading: asVector }),
      ...files('c', 3, 10),
    ]),
    policy,
  );
  assert.deepEqual(
    plan.bins.map((bin) => bin.inputs.map(({ name }) => name[0]).join('')),
    ['aaaaa', 'bbbbb'],
  );
  const left = plan.files.find(({ name }) => name.startsWith('c'));
  assert.match(left?.reason ?? '', /merged apart: 5 small files \(another ARROW:schema in the footer\)/);
});

test('files that a glob by ending finds are never merged with files that it does not find', () => {
  const endings = ['.parquet', '.parquet.bak', '.PARQUET', ''];
  const candidates = endings.flatMap((ending) =>
    Array.from({ length: 5 }, (_, i) => candidate({ name: `f${i}${ending}`, sizeBytes: 10 })),
  );
  const plan = planPartition(inputOf(candidates), policy);
  const endingsOf = (names: readonly string[]): string[] => [
    ...new Set(names.map((name) => name.replace(/^f\d/, ''))),
  ];
  assert.deepEqual(
    plan.bins.map((bin) => endingsOf(bin.inputs.map(({ name }) => name)).sort()),
    [['', '.parquet.bak'], ['.PARQUET'], ['.parquet']],
  );
  const few = [...files('a', 3, 10), candidate({ name: 'x.parquet', sizeBytes: 10 })];
  assert.match(
    planPartition(inputOf(few), policy).files.find(({ name }) => name === 'x.parquet')?.reason ?? '',
    /3 small files \(names that do not end in \.parquet instead of names ending in \.parquet\)/,
  );
});

test('a partition without data says so', () => {
  const plan = planPartition(inputOf([]), policy);
  assert.deepEqual([plan.decision, plan.rule, plan.files], ['nothing', 'no-data', []]);
});

test('21 telemetry files become one by the default policy, and a second run plans nothing', () => {
  const candidates = files('telemetry-', 21, 30 * 1024);
  const plan = planPartition(inputOf(candidates), defaultPolicy);
  assert.equal(plan.reason, '21 small files (630K) become 1 file');
  const second = planPartition(inputOf(afterMerge(plan, candidates)), defaultPolicy);
  assert.equal(second.decision, 'nothing');
  assert.deepEqual(rulesOf(second), { 'telemetry-00': 'keep own-file' });
});

test('a plan is plain JSON', () => {
  const plan = planPartition(inputOf([...files('a', 5, 10), ...files('b', 1, 900)]), policy);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});

test('a listed file without a footer is a bug that shows', () => {
  const entries = [entryOf(candidate({ name: 'x', sizeBytes: 1 }))];
  assert.throws(() => planPartition(inputOf([], { entries }), policy), TypeError);
});
