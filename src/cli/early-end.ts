import { salvageSettings } from '../config/report-settings.ts';
import type { Logger } from '../core/log.ts';
import type { ErrorFacts } from '../telemetry/error-facts.ts';
import type { ReportSink } from '../telemetry/run-report.ts';
import { metricsSinks, type RunStart, runReport, tellOfRun } from './after-run.ts';
import { chosenDatasets, forDataset } from './chosen-datasets.ts';
import { commandNames, settingFlagNames } from './command-flags.ts';
import type { CliEnvironment } from './environment.ts';
import { flagTable } from './flags.ts';
import type { DatasetFlags, Invocation } from './invocation.ts';
import { notifySinks } from './notify.ts';
import { settingsInputOf } from './open-dataset.ts';
import { stderrLogger } from './output/stderr-logger.ts';

/** A run that ended with an error before its first partition. */
export interface EarlyEnd {
  /** The words after the program's name. */
  readonly args: readonly string[];
  /** What the words mean; absent when they could not be understood. */
  readonly invocation: Invocation | undefined;
  readonly start: RunStart;
  readonly error: ErrorFacts;
}

/**
 * Tells the webhook and the metrics of a consolidation that ended before it began, as far as it is known where they go and which dataset it was
 * about. Of a dry run, and of other commands, nobody is told.
 */
export async function tellOfEarlyEnd(
  { args, invocation, start, error }: EarlyEnd,
  environment: CliEnvironment,
): Promise<void> {
  const flags = flagsOf(args, invocation);
  if (flags === undefined) return;
  const log = stderrLogger(environment.terminal, args.includes('--verbose'));
  try {
    const whole = { ...flags, output: 'text', verbose: false } as const;
    // With --dataset beside it, which is what the run ended with, --base-path still says what it was about.
    const isApart = whole.settingFlags['base-path'] !== undefined;
    for (const dataset of isApart ? [undefined] : await chosenDatasets(whole, environment)) {
      await tellOfFailure({ flags: forDataset(whole, dataset), start, error }, environment, log);
    }
  } catch (problem) {
    log.warn(`the metrics were not told that the run failed: ${String(problem)}`);
  }
}

/** A run that could not begin with a dataset. */
export interface FailedStart extends Pick<EarlyEnd, 'start' | 'error'> {
  /** Of that dataset. */
  readonly flags: Pick<DatasetFlags, 'configPath' | 'dataset' | 'settingFlags'>;
}

/** Tells the webhook and the metrics of a run that could not begin with a dataset, as far as it is known where they go. */
export async function tellOfFailure(
  { flags, start, error }: FailedStart,
  environment: CliEnvironment,
  log: Logger,
): Promise<void> {
  const settings = await salvageSettings(settingsInputOf(flags, environment));
  const { dataset } = settings;
  if (dataset === undefined) return;
  const { exitCode } = error;
  const report = runReport(
    { start, settings: { ...settings, dataset }, exitCode, partitions: [], error },
    environment,
  );
  const sinks = async (): Promise<readonly ReportSink[]> => [
    ...(await notifySinks(settings, environment)),
    ...(await metricsSinks(settings, environment)),
  ];
  await tellOfRun(report, sinks, log);
}

/** The settings among the flags of a consolidation; undefined when the words ask for something else. */
function flagsOf(
  args: readonly string[],
  invocation: Invocation | undefined,
): Pick<DatasetFlags, 'configPath' | 'datasets' | 'settingFlags'> | undefined {
  if (invocation !== undefined) {
    return invocation.command === 'consolidate' && !invocation.dryRun ? invocation : undefined;
  }
  const isOther = args.some(
    (arg) => arg.startsWith('--dry-run') || commandNames.some((name) => name === arg),
  );
  if (isOther) return undefined;
  const configPath = wordAfter(args, 'config');
  const texts = settingFlagNames.filter((name) => flagTable[name].type === 'string');
  const settingFlags = Object.fromEntries(
    texts.flatMap((name) => {
      const value = wordAfter(args, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { settingFlags, ...(configPath === undefined ? {} : { configPath }) };
}

/** The value of a flag in words that could not be understood as a whole. */
function wordAfter(args: readonly string[], flag: string): string | undefined {
  const joined = args.findLast((arg) => arg.startsWith(`--${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 3);
  const value = args[args.lastIndexOf(`--${flag}`) + 1];
  return args.includes(`--${flag}`) && value?.startsWith('--') === false ? value : undefined;
}
