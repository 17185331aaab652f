import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandWords } from '../../src/cli/command-for.ts';
import { programName, shellWord } from '../../src/cli/environment.ts';
import { withCommands, withHintCommands } from '../../src/cli/output/commands-in-text.ts';
import { jsonLine } from '../../src/cli/output/json-line.ts';
import { formatChange, formatDuration } from '../../src/cli/output/numbers.ts';
import { printable } from '../../src/cli/output/printable.ts';
import { progressLine } from '../../src/cli/output/progress-line.ts';
import { renderError } from '../../src/cli/output/render-error.ts';
import { stderrLogger } from '../../src/cli/output/stderr-logger.ts';
import { plainStyle, styleFor } from '../../src/cli/output/style.ts';
import { textTable } from '../../src/cli/output/text-table.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { FormatError, SwapError } from '../../src/core/errors.ts';

function recordedTerminal(showsProgress: boolean): Terminal & { readonly written: string[] } {
  const written: string[] = [];
  return {
    written,
    out: (text) => written.push(`out:${text}`),
    err: (text) => written.push(text),
    style: plainStyle,
    errStyle: plainStyle,
    showsProgress,
    columns: 90,
  };
}

test('an error says what, the state of the data, and what to type next', () => {
  const error = new SwapError('cannot lock /d/date=2025-08-15: run r holds it', {
    code: 'lock-held',
    dataState: 'this run touched nothing',
    hint: 'wait for it',
    cause: new Error('why'),
  });
  const view = { style: plainStyle, verbose: false };
  assert.equal(
    renderError(error, view),
    'error: cannot lock /d/date=2025-08-15: run r holds it\n  data:  this run touched nothing\n  next:  wait for it\n',
  );
  assert.match(renderError(error, { ...view, verbose: true }), /\n {2}cause: why\n$/);
  assert.doesNotMatch(renderError(error, { ...view, verbose: true }), /at .*output\.test/);
  const placed = new FormatError('page is cut', {
    code: 'corrupt',
    place: { file: '/f', rowGroup: 1, column: 'a.b' },
  });
  assert.equal(renderError(placed, view), 'error: /f, row group 1, column a.b: page is cut\n');
});

test('a bug has its stack only with --verbose, and a line on where to report it', () => {
  const bug = new TypeError('x is not a function');
  const quiet = renderError(bug, { style: plainStyle, verbose: false });
  assert.match(quiet, /^error: TypeError: x is not a function\n {2}This is a bug .*--verbose\.\n$/);
  assert.match(renderError(bug, { style: plainStyle, verbose: true }), /\n {4}at .*output\.test\.ts/);
  assert.match(renderError('thrown text', { style: plainStyle, verbose: true }), /^error: thrown text\n/);
});

test('progress says how long it will take, once that is more than a guess', () => {
  const terminal = recordedTerminal(true);
  let nowMs = 0;
  const line = progressLine(terminal, () => nowMs);
  const at = (ms: number, done: number, doing: 'merging' | 'verifying' = 'merging'): string => {
    nowMs = ms;
    line.show({ date: 'd', doing, amount: { of: 'rows', done, total: 900 } });
    return (terminal.written.at(-1) ?? '').replace(/^.*?d /s, '');
  };
  assert.equal(at(0, 100), 'merging ██▎░░░░░░░░░░░░░░░░░ 11 % 100 of 900 rows');
  assert.equal(at(1_900, 300), 'merging ██████▋░░░░░░░░░░░░░ 33 % 300 of 900 rows');
  assert.equal(at(3_000, 400), 'merging ████████▊░░░░░░░░░░░ 44 % 400 of 900 rows, about 5 s left');
  assert.equal(at(300_000, 500), 'merging ███████████░░░░░░░░░ 55 % 500 of 900 rows, about 5 min 0 s left');
  assert.equal(at(301_000, 900), 'merging ████████████████████ 100 % 900 of 900 rows');
  // Another step has another speed.
  assert.equal(at(400_000, 100, 'verifying'), 'verifying ██▎░░░░░░░░░░░░░░░░░ 11 % 100 of 900 rows');
});

test('progress is drawn on a terminal only, not too often, and wiped away', () => {
  const silent = recordedTerminal(false);
  progressLine(silent).show({ date: 'd', doing: 'planning' });
  assert.deepEqual(silent.written, []);

  const terminal = recordedTerminal(true);
  let nowMs = 0;
  const line = progressLine(terminal, () => nowMs);
  const step = (done: number) =>
    line.show({ date: 'd', doing: 'merging', amount: { of: 'rows', done, total: 2000 } });
  step(0);
  step(500);
  nowMs = 100;
  step(1000);
  line.messages.err('note\n');
  line.clear();
  const esc = String.fromCharCode(27);
  assert.deepEqual(terminal.written, [
    `\r${esc}[K  d merging ░░░░░░░░░░░░░░░░░░░░ 0 % 0 of 2,000 rows`,
    `\r${esc}[K  d merging ██████████░░░░░░░░░░ 50 % 1,000 of 2,000 rows`,
    `\r${esc}[K`,
    'note\n',
  ]);
});

test('the log: warnings always, the rest with --verbose', () => {
  const terminal = recordedTerminal(false);
  for (const verbose of [false, true]) {
    const log = stderrLogger(terminal, verbose);
    log.debug('d');
    log.info('i', { files: 2, absent: undefined });
    log.warn('w');
    log.error('e');
  }
  assert.deepEqual(terminal.written, [
    'warning: w\n',
    'error: e\n',
    'debug: d\n',
    'info:  i  (files=2)\n',
    'warning: w\n',
    'error: e\n',
  ]);
});

test('NO_COLOR wins over everything', () => {
  assert.equal(styleFor('stdout', { NO_COLOR: '1', FORCE_COLOR: '1' }), plainStyle);
});

test('JSON: 64-bit integers, numbers JSON does not have, one line', () => {
  assert.equal(
    jsonLine({ small: 5n, large: 2n ** 60n, nan: Number.NaN, zero: -0, text: 'a\nb', gone: undefined }),
    '{"small":5,"large":"1152921504606846976","nan":"NaN","zero":"-0","text":"a\\nb"}\n',
  );
});

test('figures as a person reads them', () => {
  assert.deepEqual([0.2, 31, 310, 12_345, 125_000].map(formatDuration), [
    '1 ms',
    '31 ms',
    '0.31 s',
    '12.3 s',
    '2 min 5 s',
  ]);
  const words = { less: 'fewer', more: 'more' };
  assert.equal(formatChange(21, 1, words), '95 % fewer');
  assert.equal(formatChange(10_000, 1, words), '99.99 % fewer');
  assert.equal(formatChange(2, 3, words), '50 % more');
  assert.equal(formatChange(6, 48, words), '700 % more');
  assert.equal(formatChange(1000, 999, words), '<1 % fewer');
  assert.equal(formatChange(5, 5, words), 'the same');
  assert.equal(formatChange(0, 5, words), '');
});

test('tables align, and have no spaces at the end of a line', () => {
  const columns = [
    { title: 'name', align: 'left' },
    { title: 'n', align: 'right' },
  ] as const;
  assert.equal(
    textTable(columns, [
      ['ä', '1'],
      ['long name', '20'],
    ]),
    '  name        n\n  ä           1\n  long name  20\n',
  );
});

test('names from outside cannot steer the terminal or a shell', () => {
  assert.equal(printable('a\u001b[2Jb\u202ec\nd'), 'a\ufffd[2Jb\ufffdc\ufffdd');
  assert.equal(shellWord('plain/path-1.2'), 'plain/path-1.2');
  assert.equal(shellWord("it's here"), "'it'\\''s here'");
  assert.equal(shellWord(''), "''");
});

test('commands in hints are completed so that they can be typed', () => {
  const environment = {
    env: {},
    program: 'pc',
    version: '1',
    terminal: recordedTerminal(false),
    atEnd: () => {},
    loads: new Map(),
  };
  const flags = {
    verbose: false,
    output: 'text',
    settingFlags: { 'base-path': '/d a', mode: 'fold' },
    configPath: 'c.yaml',
  } as const;
  const commands = commandWords(flags, environment);
  assert.equal(
    withCommands('remove the cause, then `recover --date 2025-08-15`; see `inspect`', commands),
    "remove the cause, then pc recover --date 2025-08-15 --base-path '/d a' --config c.yaml; see pc inspect --config c.yaml",
  );
  assert.equal(withCommands('no command', commands), 'no command');
  assert.deepEqual(withHintCommands({}, commands), {});
  const error = new SwapError('m', { code: 'c', hint: '`recover`' });
  const view = { style: plainStyle, verbose: false };
  assert.match(
    renderError(error, { ...view, commands }),
    /\n {2}next: {2}pc recover --base-path '\/d a' --config c\.yaml\n$/,
  );
});

test('the program is named as it was called', () => {
  assert.equal(programName({}, '/repo/dist/main.js', '/repo'), 'node dist/main.js');
  assert.equal(programName({}, '/repo/dist/main.js', '/elsewhere'), 'node /repo/dist/main.js');
  assert.equal(programName({}, '/usr/bin/parquet-consolidator', '/'), 'parquet-consolidator');
  assert.equal(
    programName({ CONSOLIDATION_PROGRAM: '/opt/x y/run.sh' }, '/r/main.js', '/'),
    "'/opt/x y/run.sh'",
  );
});
