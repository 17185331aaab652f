import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError, VerifyError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { silentLogger } from '../../core/log.ts';
import { consolidateDates } from '../../pipeline/consolidate-dates.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { DemoDataset } from '../demo/demo-dataset.ts';
import { demoDate } from '../demo/demo-files.ts';
import { demoText } from '../demo/demo-text.ts';
import { prepareHdfsDataset } from '../demo/hdfs-dataset.ts';
import { prepareLocalDataset, shortPath } from '../demo/local-dataset.ts';
import { measureQuery, queryText } from '../demo/query-cost.ts';
import { type CliEnvironment, shellWord } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { jsonLine } from '../output/json-line.ts';
import { previewText, titleText } from '../output/preview.ts';
import { renderFacts } from '../output/render-error.ts';
import { partitionReport } from '../output/run-report.ts';
import { packageRoot } from '../package-files.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type DemoInvocation = Extract<Invocation, { command: 'demo' }>;

/**
 * Fills a dataset with what streaming writers leave, on this machine's disk or on an HDFS started for it, previews,
 * consolidates and verifies it, and shows what that changed, also for a query. Starts from nothing each time.
 */
export async function runDemo(invocation: DemoInvocation, environment: CliEnvironment): Promise<ExitCode> {
  if (invocation.keep && !invocation.hdfs) {
    throw new ConfigError('--keep says what becomes of the HDFS of --hdfs', {
      code: 'usage',
      hint: 'Give both, or none: the files of the demo stay anyway.',
    });
  }
  const { terminal } = environment;
  const say = (text: string): void => {
    if (invocation.output === 'text') terminal.out(text);
  };
  const directory = resolve(invocation.directory ?? join(packageRoot, '.demo'));
  say(`${terminal.style.bold('1. Twenty-one files, as three streaming writers leave them')}\n`);
  if (invocation.hdfs)
    say('   Starting a NameNode and a DataNode (the first time, Hadoop is fetched: 95 MB) …\n');
  const dataset = invocation.hdfs
    ? await prepareHdfsDataset(directory, invocation.keep)
    : await prepareLocalDataset(directory);
  try {
    say(`   ${dataset.shownPath(dataset.partitionPath)}\n\n`);
    return await showConsolidation(dataset, say, invocation, environment);
  } finally {
    await dataset.close();
  }
}

async function showConsolidation(
  dataset: DemoDataset,
  say: (text: string) => void,
  invocation: DemoInvocation,
  { terminal, version }: CliEnvironment,
): Promise<ExitCode> {
  const { style } = terminal;
  const { store, basePath, partitionPath, settings, shownPath, baseFlag } = dataset;
  const isText = invocation.output === 'text';
  const wrapper = shellWord(shortPath(join(packageRoot, 'scripts/consolidate_telemetry.sh')));
  const undoCommand = (date: string): string => `${wrapper}${baseFlag} undo ${date}`;
  const signals = listenForStopSignals((sentence) => terminal.err(`${sentence}\n`));
  const consolidate = async (dryRun: boolean): Promise<PartitionResult> => {
    const [result] = await consolidateDates(
      {
        store,
        basePath,
        settings,
        today: new Date().toISOString().slice(0, 10),
        currentDayAllowed: false,
        force: false,
        dryRun,
        toolVersion: version,
        log: silentLogger,
        showProgress: () => {},
        stop: signals.signal,
      },
      [demoDate],
    );
    if (result === undefined) throw new TypeError('one date has one result');
    return result;
  };
  try {
    say(`${style.bold('2. What a dry run says')}\n\n`);
    say(titleText(settings.title) + previewText(await consolidate(true)));
    const before = await measureQuery(store, partitionPath);

    say(`\n${style.bold('3. The consolidation')}\n`);
    const result = await consolidate(false);
    const exitCode = exitCodeOf([result]);
    if (result.error !== undefined) {
      terminal.err(renderFacts(result.error, { verbose: invocation.verbose, style: terminal.errStyle }));
      if (!isText) terminal.out(jsonLine({ command: 'demo', exitCode, store: store.uri, result }));
      return exitCode;
    }
    say(partitionReport(result, { style, undoCommand, shownPath }));

    const after = await measureQuery(store, partitionPath);
    if (!isDeepStrictEqual(before.answer, after.answer)) {
      throw new VerifyError(
        `the query over ${shownPath(partitionPath)} found ${JSON.stringify(after.answer)} after the consolidation, ` +
          `${JSON.stringify(before.answer)} before`,
        {
          code: 'demo-query-differs',
          dataState: 'the originals are in the backup',
          hint: undoCommand(demoDate),
        },
      );
    }
    const second = await consolidate(false);
    const output = shownPath(`${partitionPath}/${result.outputs[0]?.name ?? ''}`);
    say(demoText({ style, before, after, queryText, second, wrapper, dataset, output }));
    if (!isText) {
      const query = { what: queryText, before, after };
      terminal.out(
        jsonLine({ command: 'demo', exitCode, store: store.uri, result, query, secondRun: second }),
      );
    }
    return second.result === 'nothing' ? exitCodes.ok : exitCodes.verificationFailed;
  } finally {
    signals.dispose();
  }
}
