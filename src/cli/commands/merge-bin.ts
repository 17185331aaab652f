import { createInterface } from 'node:readline';
import type { Settings } from '../../config/settings.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { mergeAttempt } from '../../pipeline/merge-attempt.ts';
import type { Store } from '../../store/store.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { type DatasetPlace, settingsAt } from '../merge-bin/dataset-place.ts';
import { doneLine, failedLine, idOf, parseTaskLine } from '../merge-bin/lines.ts';
import { watchParent } from '../merge-bin/orphan-watch.ts';
import { openUnreached, settingsOf } from '../open-dataset.ts';
import { stderrLogger } from '../output/stderr-logger.ts';
import { listenForStopSignals } from '../stop-signals.ts';

type MergeBinInvocation = Extract<Invocation, { command: 'merge-bin' }>;

/**
 * The worker of an executor: merges the bins that come as lines of JSON on stdin, one after the other, and says what came
 * of each in a line of JSON on stdout. A bin that fails is an answer too, and no failure of this process.
 */
export async function runMergeBin(
  invocation: MergeBinInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal, version } = environment;
  const own = await ownSettings(invocation, environment);
  const log = stderrLogger(terminal, invocation.verbose);
  const signals = listenForStopSignals((sentence) => terminal.err(`${sentence}\n`));
  const watch = watchParent();
  const stop = AbortSignal.any([signals.signal, watch.signal]);
  const storeAt = storesAt(own, environment);
  const lines = createInterface({ input: process.stdin });
  stop.addEventListener('abort', () => {
    lines.close();
    process.stdin.destroy();
  });
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      try {
        stop.throwIfAborted();
        const { place, task } = parseTaskLine(line, version);
        const begunMs = performance.now();
        const store = await storeAt(place);
        const { tempDirectory, memoryBytes } = own.consolidation;
        const merged = await mergeAttempt(task, { store, tempDirectory, memoryBytes, stop });
        log.info(`merged ${task.inputs.length} files into ${merged.attempt}`, {
          step: 'merge',
          durationMs: Math.round(performance.now() - begunMs),
        });
        terminal.out(`${doneLine(task.id, merged, version)}\n`);
      } catch (error) {
        terminal.out(`${failedLine(idOf(line) ?? null, error, version)}\n`);
      }
    }
    stop.throwIfAborted();
    return exitCodes.ok;
  } finally {
    signals.dispose();
    watch.dispose();
  }
}

/** What this machine says; where the files are comes with each task. */
function ownSettings(invocation: MergeBinInvocation, environment: CliEnvironment): Promise<Settings> {
  const settingFlags = { ...invocation.settingFlags, 'base-path': 'file:///' };
  return settingsOf({ ...invocation, settingFlags }, environment);
}

/** Each store is opened once. */
function storesAt(own: Settings, environment: CliEnvironment): (place: DatasetPlace) => Promise<Store> {
  const opened = new Map<string, Promise<Store>>();
  return (place) => {
    const key = JSON.stringify(place);
    const store =
      opened.get(key) ??
      openUnreached(settingsAt(own, place), environment, handedTokens(own, place, environment)).then(
        (dataset) => dataset.store,
      );
    opened.set(key, store);
    return store;
  };
}

/** YARN's variable for where the tokens of a container lie, as Hadoop's own clients read it. */
const tokenFileVariable = 'HADOOP_TOKEN_FILE_LOCATION';

/** What a container of YARN was handed to prove who asks; what this worker was given for itself counts before it. */
function handedTokens(
  { hdfs }: Settings,
  place: DatasetPlace,
  { env }: Pick<CliEnvironment, 'env'>,
): string | undefined {
  const file = env[tokenFileVariable] ?? '';
  const hasItsOwn = hdfs.kerberosKeytab !== undefined || hdfs.kerberosPrincipal !== undefined;
  // A token says who asks; that it is on behalf of another, nobody could say beside it.
  return file === '' || hasItsOwn || place.hdfs.proxyUser !== undefined ? undefined : file;
}
