import { formatSize } from '../../core/units.ts';
import type { ProgressStep, ShowProgress } from '../../pipeline/progress.ts';
import type { Terminal } from '../terminal.ts';
import { formatCount } from './numbers.ts';

/** A line on the terminal that shows what is going on, and can be wiped away. */
export interface ProgressLine {
  readonly show: ShowProgress;
  /** Wipes the line; the next `show` draws it again. */
  clear(): void;
  /** The terminal for messages that come meanwhile: they wipe the line first. */
  readonly messages: Terminal;
}

const shortestPauseMs = 80;

/** Draws progress on stderr when that is a terminal; else does nothing. */
export function progressLine(
  terminal: Terminal,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  if (!terminal.showsProgress) return { show: () => {}, clear: () => {}, messages: terminal };
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let shownDoing = '';
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) terminal.err('\r\u001b[K');
    isDrawn = false;
  };
  return {
    show: (step) => {
      // Many steps a second would cost more than the work they tell of.
      if (step.doing === shownDoing && nowMs() - shownAtMs < shortestPauseMs) return;
      shownAtMs = nowMs();
      shownDoing = step.doing;
      terminal.err(`\r\u001b[K${stepText(step).slice(0, terminal.columns - 1)}`);
      isDrawn = true;
    },
    clear,
    messages: {
      ...terminal,
      err: (text) => {
        clear();
        terminal.err(text);
      },
    },
  };
}

function stepText({ date, doing, bin, amount }: ProgressStep): string {
  const which = bin === undefined || bin.of === 1 ? '' : ` file ${bin.number} of ${bin.of}`;
  if (amount === undefined) return `  ${date} ${doing}${which} …`;
  const { of, done, total } = amount;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const far = of === 'bytes' ? formatSize(total) : `${formatCount(done)} of ${formatCount(total)} ${of}`;
  return `  ${date} ${doing}${which}: ${far}, ${percent} %`;
}
