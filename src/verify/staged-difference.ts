import { VerifyError } from '../core/errors.ts';

/** A difference between a staged file and what it must be. */
export interface Difference {
  /** Stable kebab-case name of the check that found it, e.g. `value-digest`. */
  readonly code: string;
  /** Full path of the staged file. */
  readonly staged: string;
  /** Dotted path of the column, when it is about one. */
  readonly column?: string;
  readonly rowGroup?: number;
  /** What the inputs say, as text. */
  readonly expected: string;
  /** What the staged file says. */
  readonly found: string;
  readonly cause?: unknown;
}

/** The difference as the error that stops a bin before anything was replaced. */
export function difference(what: Difference): VerifyError {
  const rowGroup = what.rowGroup === undefined ? '' : `, row group ${what.rowGroup}`;
  const column = what.column === undefined ? '' : `, column ${what.column}`;
  return new VerifyError(
    `verified ${what.staged}${rowGroup}${column} against its inputs (${what.code}): ` +
      `expected ${what.expected}, found ${what.found}`,
    {
      code: what.code,
      dataState: 'the originals are untouched; the staged file is not used',
      hint: 'Run again. If it fails the same way, report it with the output of `inspect` for the inputs: the merge is at fault, or the disk.',
      ...(what.cause === undefined ? {} : { cause: what.cause }),
    },
  );
}
