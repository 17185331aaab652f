/** Facts that go with a log line. Plain data. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the layers tell what they do. Messages are for stderr; data goes to stdout by way of `cli/`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A logger that says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
