import { SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';

/** The error for a partition that is not what was planned. */
export function partitionChanged(partitionPath: string, changed: readonly string[]): SwapError {
  const shown = changed.slice(0, 5).join('; ');
  const more = changed.length > 5 ? `; and ${changed.length - 5} more` : '';
  return refusal(
    'partition-changed',
    `${partitionPath} changed while it was worked on: ${shown}${more}`,
    'a writer is at work there; run again when it is done, or raise --quiet-minutes',
  );
}

/** The error for a staged file that is not what was verified. */
export function stagedChanged(path: string): SwapError {
  return refusal('staged-file-changed', `${path} is not the file that was staged and verified`, 'run again');
}

/** A swap that does not begin, or was taken back before anything was replaced. */
export function refusal(
  code: string,
  message: string,
  hint: string,
  exitCode: SwapError['exitCode'] = exitCodes.storeUnreachable,
): SwapError {
  return new SwapError(message, { code, exitCode, dataState: 'the originals are untouched', hint });
}
