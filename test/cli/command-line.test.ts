import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { ConfigError } from '../../src/core/errors.ts';

const parse = (...args: string[]) => parseCommandLine(args, 'pc', '1.2.3');

test('the default command, with everything as it was typed', () => {
  assert.deepEqual(
    parse(
      ...['--date', 'yesterday', '--days-back', '007', '--target-size', '256', '--min-files=3', '--verbose'],
      ...[
        '--base-path',
        '/data/a b',
        '--output',
        'json',
        '--dry-run',
        '--config',
        'c.yaml',
        '--time-zone',
        'UTC',
      ],
    ),
    {
      command: 'consolidate',
      date: 'yesterday',
      daysBack: '007',
      timeZone: 'UTC',
      dryRun: true,
      force: false,
      all: false,
      verbose: true,
      output: 'json',
      configPath: 'c.yaml',
      settingFlags: { 'base-path': '/data/a b', 'target-size': '256', 'min-files': '3' },
    },
  );
});

test('a flag that is given twice: the later one counts', () => {
  const parsed = parse('--date', '2025-01-01', '--date', '2025-01-02', '--dry-run', '--dry-run');
  assert.ok(parsed.command === 'consolidate');
  assert.equal(parsed.date, '2025-01-02');
  assert.equal(parsed.dryRun, true);
});

test('the other commands', () => {
  const merge = parse('merge', 'a', 'b c', '--out', 'o');
  assert.ok(merge.command === 'merge');
  assert.deepEqual([merge.inputs, merge.out], [['a', 'b c'], 'o']);
  const undo = parse('undo', '2025-08-15', '--run', 'r1');
  assert.ok(undo.command === 'undo');
  assert.deepEqual([undo.date, undo.runId], ['2025-08-15', 'r1']);
  const undoByFlag = parse('undo', '--date', 'yesterday');
  assert.ok(undoByFlag.command === 'undo');
  assert.equal(undoByFlag.date, 'yesterday');
  for (const command of ['recover', 'cleanup', 'demo'] as const)
    assert.equal(parse(command).command, command);
  const inspect = parse('inspect', '--', '-odd-name');
  assert.ok(inspect.command === 'inspect');
  assert.equal(inspect.file, './-odd-name');
  const diff = parse('inspect', '--diff', 'a', 'b');
  assert.ok(diff.command === 'inspect');
  assert.deepEqual([diff.file, diff.other, diff.pages], ['a', 'b', false]);
});

test('help and version are text for stdout', () => {
  assert.deepEqual(parse('--version'), { command: 'print', text: '1.2.3\n' });
  for (const args of [['--help'], ['-h'], ['merge', '--help'], ['undo', '-h']]) {
    const help = parse(...args);
    assert.ok(help.command === 'print');
    assert.match(help.text, /^(Usage: )?pc /);
  }
  const help = parse('--help');
  assert.ok(help.command === 'print');
  for (const flag of [
    ...['--date', '--days-back', '--dry-run', '--target-size', '--min-files', '--base-path', '--config'],
    ...['--verbose', '--output', '--quiet-minutes', '--time-zone', '--help', '--version', '--force'],
  ]) {
    assert.ok(help.text.includes(flag), `${flag} is not in the help`);
  }
  assert.match(help.text, /\nExamples:\n {2}pc --date 2025-08-15 --dry-run/);
  assert.match(help.text, /Exit codes: 0 done/);
});

test('the help of every command that has flags of its own shows examples', () => {
  for (const [command, example] of [
    ['', /pc --date yesterday --base-path hdfs:\/\/nn\/data\s+A dataset/],
    ['', /pc --date 2025-08-15 --mode fold\s+On HDFS/],
    ['merge', /pc merge date=2025-08-15 --out /],
    ['inspect', /pc inspect hdfs:\/\//],
    ['recover', /pc recover --date 2025-08-15 /],
    ['undo', /pc undo 2025-08-15 --dry-run /],
    ['cleanup', /pc cleanup --dry-run /],
  ] as const) {
    const help = parse(...(command === '' ? [] : [command]), '--help');
    assert.ok(help.command === 'print');
    assert.match(help.text, /\nExamples:\n/, command);
    assert.match(help.text, example, command);
  }
});

test('the mode is a setting, and one of two', () => {
  const parsed = parse('--date', '2025-08-15', '--mode', 'fold');
  assert.ok(parsed.command === 'consolidate');
  assert.deepEqual(parsed.settingFlags, { mode: 'fold' });
});

for (const [args, message, hint] of [
  [['--dry-rum'], /no flag --dry-rum/, /--dry-run\?/],
  [['--dryRun'], /no flag --dryRun/, /--dry-run\?/],
  [['--date', '2025-08-15', '--targetsize', '5'], /no flag --targetsize/, /--target-size\?/],
  [['--zzzzzzzzzzzz'], /no flag --zzzzzzzzzzzz/, /--help/],
  [['--no-date'], /no flag --no-date/, /./],
  [['cleanup', '--days-back', '3'], /this command has no flag --days-back/, /--help/],
  [['--date'], /--date needs a value/, /--date 2025-08-15 --dry-run/],
  [['--date', '--dry-run'], /--date needs a value/, /--date/],
  [['-date', '2025-08-15'], /two dashes/, /--date\?/],
  [
    ['--date', '2025-08-15', '--codec', 'zstd'],
    /no flag --codec/,
    /Set compression\.codec in .+ COMPRESSION_CODEC/,
  ],
  [['merge', 'a', '--out', 'b', '--target-size', '5'], /no flag --target-size/, /--help/],
  [['2025-08-15'], /goes with --date/, /--date 2025-08-15\?/],
  [['recover', 'radar-7/date=2025-08-15'], /goes with --date/, /--date 'radar-7\/date=2025-08-15'\?/],
  [['recovr'], /no command/, /pc recover\?/],
  [['--dry-run=yes'], /expected true or false/, /--dry-run/],
  [['--force='], /expected true or false/, /--force/],
  [['--mode', 'concat'], /expected "rewrite", "fold"/, /--help/],
  [['--output', 'xml'], /expected "text", "json"/, /--help/],
  [['merge', 'a'], /--out is missing/, /merge .* --out/],
  [['merge', '--out', 'x'], /which file or directory/, /--help/],
  [['inspect'], /which file or directory/, /--help/],
  [['inspect', 'a', 'b'], /one file, found 2/, /inspect --diff a b/],
  [['inspect', '--diff', 'a'], /two files, found 1/, /--diff a.parquet b.parquet/],
  [['inspect', '--diff', 'a', 'b', '--pages'], /--diff shows no pages/, /--pages/],
] as const) {
  test(`refused with a hint: ${args.join(' ')}`, () => {
    assert.throws(
      () => parse(...args),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, 'usage');
        assert.equal(error.exitCode, 2);
        assert.match(error.message, message);
        assert.match(error.hint ?? '', hint);
        return true;
      },
    );
  });
}
