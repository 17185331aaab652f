import { formatSize } from '../../core/units.ts';
import type { ProgressStep, ShowProgress } from '../../pipeline/progress.ts';
import type { Terminal } from '../terminal.ts';
import { formatCount, formatDuration } from './numbers.ts';

/** A line on the terminal that shows what is going on, and can be wiped away. */
export interface ProgressLine {
  readonly show: ShowProgress;
  /** Wipes the line; the next `show` draws it again. */
  clear(): void;
  /** The terminal for messages that come meanwhile: they wipe the line first. */
  readonly messages: Terminal;
}

const shortestPauseMs = 80;
/** Before this has passed, how long a step will take is a guess. */
const firstEstimateMs = 2000;

/** Draws progress on stderr when that is a terminal; else does nothing. */
export function progressLine(
  terminal: Terminal,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  if (!terminal.showsProgress) return { show: () => {}, clear: () => {}, messages: terminal };
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let shownDoing = '';
  let began = { atMs: 0, done: 0 };
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) terminal.err('\r\u001b[K');
    isDrawn = false;
  };
  return {
    show: (step) => {
      // Many steps a second would cost more than the work they tell of.
      const now = nowMs();
      const doing = `${step.date} ${step.doing} ${step.bin?.number}`;
      if (doing === shownDoing && now - shownAtMs < shortestPauseMs) return;
      if (doing !== shownDoing) began = { atMs: now, done: step.amount?.done ?? 0 };
      shownAtMs = now;
      shownDoing = doing;
      const text = `${stepText(step)}${remainingText(step, now - began.atMs, began.done)}`;
      terminal.err(`\r\u001b[K${text.slice(0, terminal.columns - 1)}`);
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

/** How long a step of known size will go on at the speed it has. */
function remainingText({ amount }: ProgressStep, passedMs: number, doneBefore: number): string {
  if (amount === undefined || amount.done <= doneBefore || amount.done >= amount.total) return '';
  if (passedMs < firstEstimateMs) return '';
  const msPerUnit = passedMs / (amount.done - doneBefore);
  const seconds = Math.ceil((msPerUnit * (amount.total - amount.done)) / 1000);
  return `, about ${seconds < 120 ? `${seconds} s` : formatDuration(seconds * 1000)} left`;
}

function stepText({ date, doing, bin, amount }: ProgressStep): string {
  const which = bin === undefined || bin.of === 1 ? '' : ` file ${bin.number} of ${bin.of}`;
  if (amount === undefined) return `  ${date} ${doing}${which} …`;
  const { of, done, total } = amount;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const far = of === 'bytes' ? formatSize(total) : `${formatCount(done)} of ${formatCount(total)} ${of}`;
  return `  ${date} ${doing}${which}: ${far}, ${percent} %`;
}
