import { type ExitCode, exitCodes } from '../core/exit-codes.ts';
import type { PartitionResult } from './partition-result.ts';

/**
 * What the process ends with: one partition's own code; for several, 3 when any of them failed or was refused, else
 * 0. A run that was told to stop ends with the code of the signal in any case.
 */
export function exitCodeOf(results: readonly PartitionResult[]): ExitCode {
  const codes = results.map(codeOf);
  const stopped = codes.find((code) => code === exitCodes.interrupted || code === exitCodes.terminated);
  if (stopped !== undefined) return stopped;
  const [only] = codes;
  if (codes.length === 1 && only !== undefined) return only;
  return codes.every((code) => code === exitCodes.ok) ? exitCodes.ok : exitCodes.partial;
}

function codeOf(result: PartitionResult): ExitCode {
  switch (result.result) {
    case 'failed':
      return result.error?.exitCode ?? exitCodes.bug;
    case 'refused':
      return exitCodes.unsupportedInput;
    default:
      return exitCodes.ok;
  }
}
