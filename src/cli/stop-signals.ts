import { setMaxListeners } from 'node:events';
import { SwapError } from '../core/errors.ts';
import { type ExitCode, exitCodes } from '../core/exit-codes.ts';

/** What SIGINT and SIGTERM turn into: a request to stop at the next safe point. */
export interface StopSignals {
  /** Aborted, with a SwapError (`stopped`) as its reason, once one of the signals came. */
  readonly signal: AbortSignal;
  /** Gives the signals back to their default action. */
  dispose(): void;
}

/**
 * Listens for SIGINT and SIGTERM. The first one asks to stop; `tell` gets the sentence about it. The second one has
 * its default action and ends the process at once, which the journal makes safe.
 */
export function listenForStopSignals(tell: (sentence: string) => void): StopSignals {
  const controller = new AbortController();
  // Every partition at work listens, and every wait for memory or a thread: more than Node.js takes for a leak.
  setMaxListeners(0, controller.signal);
  const stopWith = (name: string, exitCode: ExitCode) => (): void => {
    dispose();
    tell(`${name}: stopping at the next safe point; once more to stop at once.`);
    controller.abort(
      new SwapError(`stopped by ${name}`, {
        code: 'stopped',
        exitCode,
        hint: 'Run the same command again: it starts over.',
      }),
    );
  };
  const onInterrupt = stopWith('SIGINT', exitCodes.interrupted);
  const onTerminate = stopWith('SIGTERM', exitCodes.terminated);
  const dispose = (): void => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return { signal: controller.signal, dispose };
}
