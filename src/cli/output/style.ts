import { Chalk, supportsColor, supportsColorStderr } from 'chalk';

/** The few ways text is set off. Each returns its argument unchanged where colour is not wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

/** Text as it is. */
export const plainStyle: Style = {
  bold: (text) => text,
  dim: (text) => text,
  good: (text) => text,
  bad: (text) => text,
  warning: (text) => text,
};

/**
 * Style for one of the two streams: coloured on a terminal, or with `FORCE_COLOR`; never with `NO_COLOR` set to
 * anything (https://no-color.org).
 */
export function styleFor(
  stream: 'stdout' | 'stderr',
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const support = stream === 'stdout' ? supportsColor : supportsColorStderr;
  if ((env.NO_COLOR ?? '') !== '' || support === false) return plainStyle;
  const chalk = new Chalk({ level: support.level });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    warning: (text) => chalk.yellow(text),
  };
}
