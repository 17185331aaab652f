import { ConsolidatorError, StoreError, SwapError } from '../core/errors.ts';
import { partitionLabel } from '../core/partition-key.ts';
import type { SwapReceipt } from './journal.ts';
import type { RunAtHand } from './run-at-hand.ts';
import type { Settlement } from './settlement.ts';

/** How a swap is settled and described, whichever way it goes. */
export interface SettleSteps {
  readonly settle: () => Promise<Settlement>;
  /** One sentence on where the rows are. */
  readonly describe: () => Promise<string>;
}

/**
 * Brings a swap to an end in which something failed after its journal was written; resolves when it could be finished all
 * the same.
 * @throws the error that led here, once all is as it was; SwapError `swap-interrupted`, `foreign-state`, `lock-lost`
 */
export async function settleAfter(
  error: unknown,
  run: RunAtHand,
  { settle, describe }: SettleSteps,
): Promise<SwapReceipt> {
  const { journal, log } = run;
  if (!(error instanceof ConsolidatorError)) throw error;
  if (error.code === 'lock-lost' || error.code === 'foreign-state') throw error;
  try {
    const settled = await settle();
    if (settled.action === 'rolled-forward') {
      log.warn(`the swap of ${run.partitionPath} is done in spite of: ${error.message}`);
      return settled.receipt;
    }
    if (settled.action === 'foreign') throw foreignState(settled.sentence, settled.hint, error);
  } catch (second) {
    if (!(second instanceof StoreError)) throw second;
    throw new SwapError(
      `the swap of ${run.partitionPath} was interrupted: ${error.message}; settling it failed too: ${second.message}`,
      {
        code: 'swap-interrupted',
        dataState: await stateIfKnown(run, describe),
        hint: `remove the cause${error.hint === undefined ? '' : ` (${error.hint})`}, then \`recover --date ${partitionLabel(journal.date)}\``,
        cause: error,
      },
    );
  }
  throw withDataState(
    error,
    journal.kind === 'undo' ? 'nothing was replaced' : 'the originals are untouched',
  );
}

async function stateIfKnown(run: RunAtHand, describe: () => Promise<string>): Promise<string> {
  try {
    return await describe();
  } catch (error) {
    if (!(error instanceof ConsolidatorError)) throw error;
    return `not known, as the store does not answer (${error.message}); every row is in the partition or in ${run.runDirectory}`;
  }
}

/** The same error, saying in which state the data is. */
export function withDataState(error: ConsolidatorError, dataState: string): ConsolidatorError {
  if (error.dataState !== undefined) return error;
  const details = {
    code: error.code,
    dataState,
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
  if (error instanceof StoreError) {
    return new StoreError(error.message, {
      ...details,
      op: error.op,
      path: error.path,
      retryable: error.retryable,
      outcomeUnknown: error.outcomeUnknown,
      ...(error.status === undefined ? {} : { status: error.status }),
      ...(error.remoteException === undefined ? {} : { remoteException: error.remoteException }),
    });
  }
  return new SwapError(error.message, { ...details, exitCode: error.exitCode });
}

/** The error for a swap that somebody else came between. */
export function foreignState(sentence: string, hint: string, cause?: unknown): SwapError {
  return new SwapError(sentence, { code: 'foreign-state', dataState: 'nothing was replaced', hint, cause });
}
