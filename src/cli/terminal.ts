import { type Style, styleFor } from './output/style.ts';

/** Where a command writes: data to stdout, messages to stderr. */
export interface Terminal {
  /** Writes data; the text brings its own line ends. */
  out(text: string): void;
  /** Writes a message; the text brings its own line ends. */
  err(text: string): void;
  /** Style of stdout. */
  readonly style: Style;
  /** Style of stderr. */
  readonly errStyle: Style;
  /** True when stderr is a terminal somebody looks at, so that progress may be drawn there. */
  readonly showsProgress: boolean;
  /** Columns of that terminal. */
  readonly columns: number;
}

/**
 * The terminal of this process. Who reads stdout may go away (`| head`): what is written afterwards is dropped, and
 * the work goes on, because a swap must not end halfway for want of a listener.
 */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  return {
    out: writerTo(process.stdout),
    err: writerTo(process.stderr),
    style: styleFor('stdout', env),
    errStyle: styleFor('stderr', env),
    showsProgress: process.stderr.isTTY === true && env.TERM !== 'dumb',
    columns: process.stderr.columns || 80,
  };
}

function writerTo(stream: NodeJS.WriteStream): (text: string) => void {
  let isOpen = true;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isOpen = false;
    if (error.code !== 'EPIPE') throw error;
  });
  return (text) => {
    if (isOpen) stream.write(text);
  };
}
