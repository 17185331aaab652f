import yargs, { type Argv } from 'yargs';
import { ConfigError } from '../core/errors.ts';
import { flagNames, settingFlagNames } from './command-flags.ts';
import { flagTable } from './flags.ts';
import { inspectFlags } from './inspect/inspect-flags.ts';
import type { CommonFlags, DatasetFlags, Invocation } from './invocation.ts';
import { every, given, isOn, last, type Parsed, text, texts } from './parsed-flags.ts';
import { checkSwitches, usageProblem, wrongUsage } from './usage-problem.ts';

/**
 * Reads the command line.
 *
 * @param args the words after the program's name
 * @param program how the program was called, for usage and examples
 * @throws ConfigError (`usage`) for an unknown flag or command, a missing value, and the like
 */
export function parseCommandLine(args: readonly string[], program: string, version: string): Invocation {
  checkSwitches(args);
  let invocation: Invocation | undefined;
  let printed = '';
  const parser = buildParser(args, program, version, (made) => {
    invocation = made;
    throw understood;
  });
  try {
    parser.parse(withoutSeparator(args), {}, (_error: unknown, _argv: unknown, output: string) => {
      printed = output;
    });
  } catch (error) {
    if (error !== understood) throw error;
  }
  if (printed !== '') return { command: 'print', text: `${printed}\n` };
  if (invocation === undefined)
    throw wrongUsage(`no command in: ${args.join(' ')}`, `See ${program} --help.`);
  return invocation;
}

/** Thrown to leave the parser once it called a command: it would then lay out a help text that nobody asked for. */
const understood = new Error('the command line is understood');

function buildParser(
  args: readonly string[],
  program: string,
  version: string,
  use: (invocation: Invocation) => void,
): Argv {
  const flags = (parser: Argv, names: readonly (keyof typeof flagTable)[]): Argv =>
    names.reduce((built, name) => built.option(name, flagTable[name]), parser);
  return yargs([])
    .scriptName(program)
    .usage('Usage: $0 --date <day> [options]')
    .locale('en')
    .wrap(100)
    .exitProcess(false)
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'parse-numbers': false })
    .command(
      '$0',
      'Merge the small Parquet files of one or more date partitions into few',
      (parser) =>
        flags(parser, flagNames.consolidate)
          .example('$0 --date 2025-08-15 --dry-run', 'Show what would be done, touch nothing')
          .example('$0 --date 2025-08-15', 'Consolidate one day')
          .example('$0 --date yesterday', 'The same from cron: no date arithmetic needed')
          .example('$0 --date 2025-08-15 --days-back 7', 'That day and the 7 before it: 8 partitions')
          .example('$0 --from 2023-01-01 --to 2025-08-15', 'A backfill: every partition there is')
          .example('$0 --from 2023-01-01 --to 2025-08-15 --shard 0/4', 'The first of four runs that share it')
          .example('$0 --date yesterday --base-path hdfs://nn/data', 'A dataset on HDFS, over WebHDFS')
          .example('$0 --all --max-duration 2h', 'What is worth it of all datasets, the best first')
          .example('$0 --date 2025-08-15 --mode fold', 'On HDFS: one file of many, no data is moved')
          .example('$0 --date 2025-08-15 --output json', 'The result as one line of JSON'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...dateFlags(argv),
          ...given('daysBack', text(argv, 'days-back')),
          ...given('from', text(argv, 'from')),
          ...given('to', text(argv, 'to')),
          ...given('shard', text(argv, 'shard')),
          ...given('shardPlan', text(argv, 'shard-plan')),
          ...given('executors', text(argv, 'executors')),
          command: 'consolidate',
          dryRun: isOn(argv, 'dry-run'),
          force: isOn(argv, 'force'),
          all: isOn(argv, 'all'),
        }),
    )
    .command(
      'merge <inputs..>',
      'Merge local files or directories into one new file, without touching them',
      (parser) =>
        flags(
          parser.positional('inputs', { type: 'string', describe: 'Parquet files, or directories of them' }),
          flagNames.merge,
        )
          .example('$0 merge date=2025-08-15 --out /tmp/day.parquet', 'One file of a day, to look at')
          .example('$0 merge a.parquet b.parquet --out ab.parquet --codec zstd', 'Two files, smaller')
          .example('$0 merge day --out day.parquet --row-group-rows 1000000', 'For readers that scan')
          .example('$0 merge day --out day.parquet --page-size 64', 'For readers that look up single rows'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          command: 'merge',
          inputs: texts(argv, 'inputs'),
          out: text(argv, 'out') ?? '',
          sortCheck: isOn(argv, 'sort-check'),
        }),
    )
    .command(
      'merge-bin',
      'The worker of scripts/consolidate_on_spark.py: bins come as JSON lines on stdin, answers go to stdout',
      (parser) => flags(parser, flagNames['merge-bin']),
      (argv) => use({ ...datasetFlags(argv), command: 'merge-bin' }),
    )
    .command(
      'inspect <files..>',
      'Explain a Parquet file: rows, row groups, schema, encodings, sizes, statistics, what is noteworthy',
      (parser) =>
        flags(
          parser.positional('files', {
            type: 'string',
            describe: 'A Parquet file (two with --diff): a path or a URI',
          }),
          flagNames.inspect,
        )
          .example('$0 inspect /tmp/day.parquet', 'A file of this machine')
          .example('$0 inspect hdfs://nn:8020/data/a.parquet', 'A file on HDFS')
          .example('$0 inspect /tmp/day.parquet --pages', 'Also every page of every column')
          .example('$0 inspect --diff a.parquet b.parquet', 'How the schema of the second differs')
          .example('$0 inspect /tmp/day.parquet --output json', 'The same as one line of JSON'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          command: 'inspect',
          ...inspectFlags(argv, program),
        }),
    )
    .command(
      'scan',
      'Rank the partitions of a dataset by what consolidating them would bring and cost',
      (parser) =>
        flags(parser, flagNames.scan)
          .example('$0 scan', 'The whole dataset, from listings alone')
          .example('$0 scan --from 2025-01-01 --to 2025-06-30', 'Half a year')
          .example('$0 scan --footers --top 100', 'What the plans say, of the best 100')
          .example('$0 scan --output json', 'The same as one line of JSON'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...given('from', text(argv, 'from')),
          ...given('to', text(argv, 'to')),
          ...given('timeZone', text(argv, 'time-zone')),
          ...given('top', text(argv, 'top')),
          command: 'scan',
          footers: isOn(argv, 'footers'),
        }),
    )
    .command(
      'explain [day]',
      'Say what a run would do with a partition, and why: a verdict and its rule for every file',
      (parser) =>
        flags(
          parser.positional('day', { type: 'string', describe: 'The date of the partition' }),
          flagNames.explain,
        )
          .example('$0 explain 2025-08-15', 'Why is this day consolidated, or not?')
          .example('$0 explain 2025-08-15 --output json', 'The same as one line of JSON'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...dateFlags(argv),
          ...given('date', text(argv, 'day') ?? text(argv, 'date')),
          command: 'explain',
          force: isOn(argv, 'force'),
        }),
    )
    .command(
      'recover',
      'Settle what an interrupted run left behind',
      (parser) =>
        flags(parser, flagNames.recover)
          .example('$0 recover --dry-run', 'Show what would be done, touch nothing')
          .example('$0 recover', 'Settle every partition of the dataset')
          .example('$0 recover --date 2025-08-15', 'Settle one partition'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...dateFlags(argv),
          command: 'recover',
          dryRun: isOn(argv, 'dry-run'),
        }),
    )
    .command(
      'undo [day]',
      'Put the original files of a consolidated partition back',
      (parser) =>
        flags(
          parser.positional('day', { type: 'string', describe: 'The date of the partition' }),
          flagNames.undo,
        )
          .example('$0 undo 2025-08-15 --dry-run', 'Show what would be done, touch nothing')
          .example('$0 undo 2025-08-15', 'Bring back what the latest run replaced')
          .example('$0 undo 2025-08-15 --run 20250816T020014Z-3fa9c1', 'Undo a certain run'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...dateFlags(argv),
          ...given('date', text(argv, 'day') ?? text(argv, 'date')),
          ...given('runId', text(argv, 'run')),
          command: 'undo',
          dryRun: isOn(argv, 'dry-run'),
        }),
    )
    .command(
      'cleanup',
      'Delete backups that are past their retention',
      (parser) =>
        flags(parser, flagNames.cleanup)
          .example('$0 cleanup --dry-run', 'Show which backups are past their retention')
          .example('$0 cleanup', 'Delete them (every ordinary run does that at its end)'),
      (argv) => use({ ...datasetFlags(argv), command: 'cleanup', dryRun: isOn(argv, 'dry-run') }),
    )
    .command(
      'doctor',
      'Say whether a run on a dataset would work here, and what to do where it would not',
      (parser) =>
        flags(parser, flagNames.doctor)
          .example('$0 doctor', 'Look at the configured dataset, and try in _consolidation/ what a run does')
          .example('$0 doctor --base-path hdfs://nn/data', 'Before the first run on a cluster')
          .example('$0 doctor --output json', 'The same as one line of JSON'),
      (argv) => use({ ...datasetFlags(argv), ...dateFlags(argv), command: 'doctor' }),
    )
    .command(
      'history',
      'What was consolidated, from the database or from the receipts in the dataset',
      (parser) =>
        flags(parser, flagNames.history)
          .example('$0 history', 'The last 30 days')
          .example('$0 history --date 2025-08-15', 'Of one partition')
          .example('$0 history --days 365 --limit 1000 --output json', 'A year as one line of JSON')
          .example(
            '$0 history --sql "SELECT sum(files_consolidated) FROM consolidation_metrics"',
            'Figures of your own',
          ),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...dateFlags(argv),
          ...given('days', text(argv, 'days')),
          ...given('limit', text(argv, 'limit')),
          ...given('sql', text(argv, 'sql')),
          command: 'history',
        }),
    )
    .command(
      'advise',
      'Say by the history when to run and how large files should become, with every number it goes by',
      (parser) =>
        flags(parser, flagNames.advise)
          .example('$0 advise', 'By the last 90 days')
          .example('$0 advise --days 365 --output json', 'By a year, as one line of JSON'),
      (argv) =>
        use({
          ...datasetFlags(argv),
          ...given('timeZone', text(argv, 'time-zone')),
          ...given('days', text(argv, 'days')),
          command: 'advise',
        }),
    )
    .command(
      'demo',
      'Fill a dataset of its own with small telemetry files and consolidate it',
      (parser) =>
        flags(parser, flagNames.demo)
          .example('$0 demo', 'On the disk of this machine')
          .example('$0 demo --hdfs', 'On a NameNode and a DataNode, started for it'),
      (argv) =>
        use({
          ...commonFlags(argv),
          ...given('directory', text(argv, 'directory')),
          command: 'demo',
          hdfs: isOn(argv, 'hdfs'),
          keep: isOn(argv, 'keep'),
        }),
    )
    .strict()
    .version(version)
    .help()
    .alias('help', 'h')
    .epilogue(
      'Exit codes: 0 done or nothing to do, 1 bug, 2 usage or configuration, 3 some partitions failed or are folded only, ' +
        '10 store unreachable, 11 locked, 12 input corrupt or unsupported, or partition refused, 13 verification failed, ' +
        '14 swap interrupted, 130/143 stopped by a signal.',
    )
    .fail((message, error) => {
      throw error === understood || error instanceof ConfigError
        ? error
        : usageProblem(message ?? error.message, args, program);
    });
}

/**
 * The words without a `--`. What comes after one is never a flag; all words of this program that are no flags are
 * paths, dates or commands, so a leading dash there is that of a path. (yargs does not take such words for a command's.)
 */
function withoutSeparator(args: readonly string[]): string[] {
  const separator = args.indexOf('--');
  if (separator < 0) return [...args];
  const rest = args.slice(separator + 1).map((arg) => (arg.startsWith('-') ? `./${arg}` : arg));
  return [...args.slice(0, separator), ...rest];
}

function commonFlags(argv: Parsed): CommonFlags {
  return { verbose: isOn(argv, 'verbose'), output: text(argv, 'output') === 'json' ? 'json' : 'text' };
}

function datasetFlags(argv: Parsed): DatasetFlags {
  const settingFlags: Record<string, string | boolean> = {};
  for (const name of settingFlagNames) {
    const value = last(argv[name]);
    if (typeof value === 'string' || typeof value === 'boolean') settingFlags[name] = value;
  }
  const datasets = every(argv, 'dataset');
  return {
    ...commonFlags(argv),
    ...given('configPath', text(argv, 'config')),
    ...(datasets.length === 0 ? {} : { datasets }),
    settingFlags,
  };
}

function dateFlags(argv: Parsed): { readonly date?: string; readonly timeZone?: string } {
  return { ...given('date', text(argv, 'date')), ...given('timeZone', text(argv, 'time-zone')) };
}
