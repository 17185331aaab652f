import { join, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadSettings } from '../../config/load-settings.ts';
import { VerifyError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { silentLogger } from '../../core/log.ts';
import { consolidateDates } from '../../pipeline/consolidate-dates.ts';
import { openStore } from '../../store/open-store.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { Invocation } from '../command-line.ts';
import { demoDate } from '../demo/demo-files.ts';
import { demoText } from '../demo/demo-text.ts';
import { prepareDataset } from '../demo/prepare-dataset.ts';
import { measureQuery, queryText } from '../demo/query-cost.ts';
import { type CliEnvironment, shellWord } from '../environment.ts';
import { jsonLine } from '../output/json-line.ts';
import { previewText, titleText } from '../output/preview.ts';
import { renderFacts } from '../output/render-error.ts';
import { partitionReport } from '../output/run-report.ts';
import { packageRoot, shippedConfigPath } from '../package-files.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type DemoInvocation = Extract<Invocation, { command: 'demo' }>;

/**
 * Fills a local dataset with what streaming writers leave, previews, consolidates and verifies it, and shows what that
 * changed, also for a query. Starts from nothing each time.
 */
export async function runDemo(invocation: DemoInvocation, environment: CliEnvironment): Promise<ExitCode> {
  const { terminal, version } = environment;
  const { style } = terminal;
  const isText = invocation.output === 'text';
  const say = (text: string): void => {
    if (isText) terminal.out(text);
  };
  const directory = resolve(invocation.directory ?? join(packageRoot, '.demo'));
  const configPath = shippedConfigPath();

  say(`${style.bold('1. Twenty-one files, as three streaming writers leave them')}\n`);
  const { basePath, partitionPath } = await prepareDataset(directory);
  say(`   ${shown(partitionPath)}\n\n`);

  const settings = await loadSettings({
    flags: { 'base-path': basePath },
    env: {},
    ...(configPath === undefined ? {} : { configPath }),
  });
  const signals = listenForStopSignals((sentence) => terminal.err(`${sentence}\n`));
  const { store } = openStore(basePath);
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
    const before = await measureQuery(partitionPath);

    say(`\n${style.bold('3. The consolidation')}\n`);
    const result = await consolidate(false);
    const exitCode = exitCodeOf([result]);
    if (result.error !== undefined) {
      terminal.err(renderFacts(result.error, { verbose: invocation.verbose, style: terminal.errStyle }));
      if (!isText) terminal.out(jsonLine({ command: 'demo', exitCode, result }));
      return exitCode;
    }
    const wrapper = wrapperCommand(directory);
    say(partitionReport(result, { style, undoCommand: (date) => `${wrapper} undo ${date}` }));

    const after = await measureQuery(partitionPath);
    if (!isDeepStrictEqual(before.answer, after.answer)) {
      throw new VerifyError(
        `the query over ${partitionPath} found ${JSON.stringify(after.answer)} after the consolidation, ` +
          `${JSON.stringify(before.answer)} before`,
        {
          code: 'demo-query-differs',
          dataState: 'the originals are in the backup',
          hint: `${wrapper} undo ${demoDate}`,
        },
      );
    }
    const second = await consolidate(false);
    const output = result.outputs[0]?.name ?? '';
    say(
      demoText({
        style,
        before,
        after,
        queryText,
        second,
        wrapper,
        output: shown(join(partitionPath, output)),
      }),
    );
    if (!isText) {
      terminal.out(
        jsonLine({
          command: 'demo',
          exitCode,
          result,
          query: { what: queryText, before, after },
          secondRun: second,
        }),
      );
    }
    return second.result === 'nothing' ? exitCodes.ok : exitCodes.verificationFailed;
  } finally {
    signals.dispose();
  }
}

/** The wrapper as it is typed from here, pointed at the demo's dataset where that is not the configured one. */
function wrapperCommand(directory: string): string {
  const script = shellWord(shown(join(packageRoot, 'scripts/consolidate_telemetry.sh')));
  const isConfigured = directory === join(packageRoot, '.demo');
  return isConfigured ? script : `${script} --base-path ${shellWord(join(directory, 'telemetry-data-v2'))}`;
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}
