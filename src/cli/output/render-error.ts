import { type ErrorFacts, errorFacts } from '../../telemetry/error-facts.ts';
import { type CommandFor, withHintCommands } from './commands-in-text.ts';
import type { Style } from './style.ts';

/** How an error is shown. */
export interface ErrorView {
  readonly verbose: boolean;
  readonly style: Style;
  /** Put before the message: what it is about, with a colon and a space. */
  readonly where?: string;
  /** Completes the commands in its hint; absent: they stay as they are. */
  readonly commands?: CommandFor;
}

/**
 * An error as the operator reads it: what happened and where, in which state the data is, what to type next. Only a
 * bug has a stack, and only with `--verbose`.
 */
export function renderError(error: unknown, view: ErrorView): string {
  const causes = view.verbose ? causesOf(error).map((cause) => `  cause: ${cause}\n`) : [];
  const facts = errorFacts(error);
  const stack =
    view.verbose && facts.code === 'bug' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  const typeable = view.commands === undefined ? facts : withHintCommands(facts, view.commands);
  return renderFacts(typeable, view) + view.style.dim(causes.join('') + stack);
}

/** The same for an error that has become data. */
export function renderFacts(facts: ErrorFacts, { verbose, style, where = '' }: ErrorView): string {
  const lines = [`${style.bad('error:')} ${where}${facts.message}`];
  if (facts.dataState !== undefined) lines.push(`  data:  ${facts.dataState}`);
  if (facts.hint !== undefined) lines.push(`  next:  ${facts.hint}`);
  if (facts.code === 'bug') {
    const how = verbose ? 'what is printed here' : 'the output of --verbose';
    lines.push(`  This is a bug in parquet-consolidator. Please report it with the command and ${how}.`);
  }
  return `${lines.join('\n')}\n`;
}

function causesOf(error: unknown): readonly string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  // Five are more than any chain of this program has; a cycle would otherwise never end.
  while (cause !== undefined && causes.length < 5) {
    causes.push(cause instanceof Error ? cause.message : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
