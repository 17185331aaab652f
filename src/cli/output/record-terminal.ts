import { ConfigError } from '../../core/errors.ts';
import type { LogFields, LogLevel } from '../../core/log.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import type { ErrorFacts } from '../../telemetry/error-facts.ts';
import type { Terminal } from '../terminal.ts';
import { jsonLine } from './json-line.ts';
import { type ErrorView, renderFacts } from './render-error.ts';
import { plainStyle } from './style.ts';

/** Environment variable that says how messages are written where `--log-format` does not. */
export const logFormatVariable = 'CONSOLIDATION_LOG_FORMAT';

/**
 * Refuses a value of the variable that means nothing.
 * @throws ConfigError `config-invalid`
 */
export function checkLogFormat(env: Readonly<Record<string, string | undefined>>): void {
  const value = env[logFormatVariable] ?? '';
  if (['', 'text', 'json'].includes(value)) return;
  throw new ConfigError(`environment variable ${logFormatVariable} is "${value}"; allowed: text, json`, {
    code: 'config-invalid',
    dataState: 'nothing was touched',
  });
}

/** Whether messages are to be records, also on a command line that could not be understood. */
export function wantsRecords(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const at = args.lastIndexOf('--log-format');
  const joined = args.findLast((arg) => arg.startsWith('--log-format='));
  const typed = at >= 0 ? args[at + 1] : joined?.slice('--log-format='.length);
  return (typed ?? env[logFormatVariable]) === 'json';
}

/**
 * The terminal with every message on stderr as one line of JSON: `time` (ISO 8601, UTC), `level`, `message`, then the facts; the date of a
 * partition is called `partition`. What is written to it as text becomes the message of such a record. No colour, no progress bar.
 */
export function recordTerminal(terminal: Terminal, nowMs: () => number = Date.now): Terminal {
  const record = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    const { date, ...facts } = fields;
    const place = date === undefined ? {} : { partition: partitionLabel(String(date)) };
    const time = new Date(nowMs()).toISOString();
    terminal.err(jsonLine({ time, level, message, ...place, ...facts }));
  };
  return {
    ...terminal,
    err: (text) => {
      const message = text.trim();
      if (message !== '') record('info', message);
    },
    record,
    errStyle: plainStyle,
    showsProgress: false,
  };
}

/** Tells of an error that has become data: in the form of {@link renderFacts}, or as a record. */
export function tellError(
  terminal: Terminal,
  facts: ErrorFacts,
  view: ErrorView,
  fields: LogFields = {},
): void {
  const { message, code, exitCode, dataState, hint } = facts;
  if (terminal.record === undefined) terminal.err(renderFacts(facts, view));
  else terminal.record('error', message, { ...fields, code, exitCode, dataState, hint });
}
