import type { LogFields, Logger } from '../../core/log.ts';
import type { Terminal } from '../terminal.ts';

/**
 * A logger for people: one line per message on stderr, facts behind it. Warnings and errors always, the rest with
 * `--verbose`.
 */
export function stderrLogger(terminal: Terminal, verbose: boolean): Logger {
  const style = terminal.errStyle;
  const line = (label: string, message: string, fields: LogFields | undefined): void =>
    terminal.err(`${label}${message}${style.dim(factsText(fields))}\n`);
  return {
    debug: (message, fields) => {
      if (verbose) line(style.dim('debug: '), message, fields);
    },
    info: (message, fields) => {
      if (verbose) line('info:  ', message, fields);
    },
    warn: (message, fields) => line(style.warning('warning: '), message, fields),
    error: (message, fields) => line(style.bad('error: '), message, fields),
  };
}

function factsText(fields: LogFields | undefined): string {
  const facts = Object.entries(fields ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
  return facts.length === 0 ? '' : `  (${facts.join(', ')})`;
}
