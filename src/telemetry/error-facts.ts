import { ConsolidatorError } from '../core/errors.ts';
import { type ExitCode, exitCodes } from '../core/exit-codes.ts';

/** What a message, a JSON line or a record says about an error. Plain data. */
export interface ErrorFacts {
  /** Stable, kebab-case name of the case; `bug` for an error that none of the known classes describes. */
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly hint?: string;
  readonly dataState?: string;
}

/** The facts of anything that was thrown. */
export function errorFacts(error: unknown): ErrorFacts {
  if (error instanceof ConsolidatorError) {
    return {
      code: error.code,
      exitCode: error.exitCode,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.dataState === undefined ? {} : { dataState: error.dataState }),
    };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'bug', exitCode: exitCodes.bug, message };
}
