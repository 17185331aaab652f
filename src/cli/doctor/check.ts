import type { ExitCode } from '../../core/exit-codes.ts';

/**
 * good: as it must be. warning: a run works, but somebody should know. bad: no run would work. note: a fact that is
 * neither.
 */
export type Verdict = 'good' | 'warning' | 'bad' | 'note';

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** What was found, a phrase without a full stop. */
  readonly detail: string;
  /** What to type or change; commands of this program stand in backticks. */
  readonly hint?: string;
  /** What the doctor ends with for a bad finding; that of a store that refuses unless told. */
  readonly exitCode?: ExitCode;
}

/** One line of the doctor. */
export interface Check {
  /** Headline it stands under. Checks of one group stand together. */
  readonly group: string;
  /** Unique among all checks, and short: it stands at the beginning of the line. */
  readonly name: string;
  /** Names of the checks without whose good end this one cannot be tried; they come before it. */
  readonly needs?: readonly string[];
  /** Looks. Resolves to nothing where it does not apply; what it throws is a bad finding. */
  run(): Promise<Finding | undefined>;
}

/** What became of a check. Plain data. */
export interface CheckResult {
  readonly group: string;
  readonly name: string;
  readonly verdict: Verdict | 'not-tried';
  readonly detail: string;
  readonly hint?: string;
}

/** A finding in order. */
export function good(detail: string): Finding {
  return { verdict: 'good', detail };
}

/** A fact. */
export function note(detail: string, hint?: string): Finding {
  return { verdict: 'note', detail, ...(hint === undefined ? {} : { hint }) };
}

/** Something to know, or to mend soon. */
export function warning(detail: string, hint?: string): Finding {
  return { verdict: 'warning', detail, ...(hint === undefined ? {} : { hint }) };
}

/** Something that keeps runs from working. */
export function bad(detail: string, hint?: string, exitCode?: ExitCode): Finding {
  return {
    verdict: 'bad',
    detail,
    ...(hint === undefined ? {} : { hint }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
