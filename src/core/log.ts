/** Facts that go with a log line. Plain data. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** How urgent a log line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Where the layers tell what they do. Messages are for stderr; data goes to stdout by way of `cli/`. Fields with a meaning of their
 * own: `date` (the partition), `runId`, `step`, `durationMs`.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The same logger, with facts that go with every line; those of the line itself win. */
export function withFields(log: Logger, known: LogFields): Logger {
  return {
    debug: (message, fields) => log.debug(message, { ...known, ...fields }),
    info: (message, fields) => log.info(message, { ...known, ...fields }),
    warn: (message, fields) => log.warn(message, { ...known, ...fields }),
    error: (message, fields) => log.error(message, { ...known, ...fields }),
  };
}
