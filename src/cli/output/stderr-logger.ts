import type { LogFields, Logger, LogLevel } from '../../core/log.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import type { Terminal } from '../terminal.ts';
import { formatDuration } from './numbers.ts';
import { printable } from './printable.ts';

/**
 * A logger on stderr. For people: one line per message with the partition before and facts behind it; warnings and errors always, the
 * rest with `--verbose`. For programs (`--log-format json`): a record per message, all but `debug` in any case.
 */
export function stderrLogger(terminal: Terminal, verbose: boolean): Logger {
  const { record, errStyle: style } = terminal;
  const labels = {
    debug: style.dim('debug: '),
    info: 'info:  ',
    warn: style.warning('warning: '),
    error: style.bad('error: '),
  };
  const at = (level: LogLevel, isShown: boolean) => (message: string, fields?: LogFields) => {
    if (!isShown) return;
    if (record !== undefined) record(level, message, fields);
    else terminal.err(`${labels[level]}${placeText(fields)}${message}${style.dim(factsText(fields))}\n`);
  };
  return {
    debug: at('debug', verbose),
    info: at('info', verbose || record !== undefined),
    warn: at('warn', true),
    error: at('error', true),
  };
}

function placeText(fields: LogFields | undefined): string {
  return fields?.date === undefined ? '' : `${printable(partitionLabel(String(fields.date)))}: `;
}

/** The step is in the message already, and the run of a partition is the one that is at work. */
const untold: ReadonlySet<string> = new Set(['date', 'runId', 'step', 'durationMs']);

function factsText(fields: LogFields | undefined): string {
  const facts = Object.entries(fields ?? {}).flatMap(([name, value]) =>
    value === undefined || untold.has(name) ? [] : [`${name}=${String(value)}`],
  );
  const took = typeof fields?.durationMs === 'number' ? [formatDuration(fields.durationMs)] : [];
  const all = [...took, ...facts];
  return all.length === 0 ? '' : `  (${all.join(', ')})`;
}
