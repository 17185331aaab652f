import { setImmediate } from 'node:timers/promises';
import type { LogFields, LogLevel } from '../core/log.ts';
import { type Style, styleFor } from './output/style.ts';

/** Where a command writes: data to stdout, messages to stderr. */
export interface Terminal {
  /** Writes data; the text brings its own line ends. */
  out(text: string): void;
  /** Writes a message; the text brings its own line ends. */
  err(text: string): void;
  /** Takes messages as records instead, where the log is for programs; absent: it is for people. */
  readonly record?: (level: LogLevel, message: string, fields?: LogFields) => void;
  /** Style of stdout. */
  readonly style: Style;
  /** Style of stderr. */
  readonly errStyle: Style;
  /** True when stderr is a terminal somebody looks at, so that progress may be drawn there. */
  readonly showsProgress: boolean;
  /** Columns of that terminal. */
  readonly columns: number;
}

/** The terminal of this process, which knows what became of its output. */
export interface ProcessTerminal extends Terminal {
  /** Resolves to why data was lost on stdout (a full disk, for instance); undefined when none was, or nobody wanted it. */
  outProblem(): Promise<string | undefined>;
}

/**
 * The terminal of this process. Who reads stdout may go away (`| head`): what is written afterwards is dropped, and
 * the work goes on, because a swap must not end halfway for want of a listener.
 */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): ProcessTerminal {
  const out = writerTo(process.stdout);
  return {
    out: out.write,
    err: writerTo(process.stderr).write,
    outProblem: async () => {
      // Streams report a failed write one turn later.
      await setImmediate();
      return out.problem();
    },
    style: styleFor('stdout', env),
    errStyle: styleFor('stderr', env),
    showsProgress: process.stderr.isTTY === true && env.TERM !== 'dumb',
    columns: process.stderr.columns || 80,
  };
}

function writerTo(stream: NodeJS.WriteStream): { write(text: string): void; problem(): string | undefined } {
  let isOpen = true;
  let problem: string | undefined;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isOpen = false;
    if (error.code !== 'EPIPE') problem ??= error.message;
  });
  return {
    write: (text) => {
      if (isOpen) stream.write(text);
    },
    problem: () => problem,
  };
}
