import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { ProgressStep, ShowProgress } from '../../pipeline/progress.ts';
import type { Terminal } from '../terminal.ts';
import { bar } from './bar.ts';
import { formatCount, formatDuration } from './numbers.ts';
import { printable } from './printable.ts';

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
/** Where nobody watches, a step that takes long says how far it is once in this time. */
const plainPauseMs = 30_000;
const barWidth = 20;

/**
 * Tells on stderr what is going on. On a terminal: one line with a bar, drawn over and over. Elsewhere: a plain line, or a record, every
 * 30 seconds of a step, so that short runs say nothing (cron sends mail for every word).
 */
export function progressLine(
  terminal: Terminal,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  const clock = stepClock(nowMs);
  if (!terminal.showsProgress) {
    return { show: plainProgress(terminal, clock), clear: () => {}, messages: terminal };
  }
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) terminal.err('\r\u001b[K');
    isDrawn = false;
  };
  return {
    show: (step) => {
      const { isNew, atMs, remaining, overall } = clock(step);
      if (step.doing === 'done') return;
      // Many steps a second would cost more than the work they tell of.
      if (!isNew && atMs - shownAtMs < shortestPauseMs) return;
      shownAtMs = atMs;
      const text = `${barText(step)}${remaining}${overall}`;
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

function plainProgress(terminal: Terminal, clock: (step: ProgressStep) => StepTime): ShowProgress {
  return (step) => {
    const { date, doing, bin, amount } = step;
    const { isDue, passedMs, remaining, overall } = clock(step);
    if (!isDue || doing === 'done') return;
    const what = `${doing}${whichText(bin)}${amount === undefined ? ' …' : `: ${percentOf(amount)} %, ${farText(amount)}`}${remaining}${overall}`;
    if (terminal.record === undefined) terminal.err(`${printable(partitionLabel(date))}: ${what}\n`);
    else {
      const far = amount === undefined ? {} : { done: amount.done, total: amount.total, unit: amount.of };
      terminal.record('info', what, { date, step: doing, durationMs: Math.round(passedMs), ...far });
    }
  };
}

/** When a step was told of, and what follows from that. */
interface StepTime {
  /** True when the one before, of the same partition, was about something else. */
  readonly isNew: boolean;
  /** True once in the time after which a step that takes long is told of where nobody watches. */
  readonly isDue: boolean;
  readonly atMs: number;
  readonly passedMs: number;
  /** `, about 5 s left`, or nothing. */
  readonly remaining: string;
  /** `; 3 of 30 partitions done`, or nothing. */
  readonly overall: string;
}

/** What a partition is at. Several may be at work at the same time. */
interface CurrentStep {
  readonly doing: string;
  readonly atMs: number;
  readonly doneBefore: number;
  toldAtMs: number;
}

function stepClock(nowMs: () => number): (step: ProgressStep) => StepTime {
  const current = new Map<string, CurrentStep>();
  let overall = '';
  return (step) => {
    const { date, amount } = step;
    const atMs = nowMs();
    // A scan is one step over many dates.
    const isScan = step.doing === 'scanning';
    const of = isScan ? '' : date;
    const doing = isScan ? step.doing : `${step.doing} ${step.bin?.number}`;
    const before = current.get(of);
    const isNew = before?.doing !== doing;
    const begun =
      before === undefined || isNew ? { doing, atMs, doneBefore: amount?.done ?? 0, toldAtMs: atMs } : before;
    if (step.doing === 'done') {
      current.delete(of);
      if (amount !== undefined) overall = `; ${farText(amount)} done`;
    } else if (isNew) {
      current.set(of, begun);
    }
    const isDue = atMs - begun.toldAtMs >= plainPauseMs;
    if (isDue) begun.toldAtMs = atMs;
    const passedMs = atMs - begun.atMs;
    return {
      isNew,
      isDue,
      atMs,
      passedMs,
      remaining: remainingText(step, passedMs, begun.doneBefore),
      overall: isScan ? '' : overall,
    };
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

type Amount = NonNullable<ProgressStep['amount']>;

function barText({ date: key, doing, bin, amount }: ProgressStep): string {
  const date = printable(partitionLabel(key));
  if (amount === undefined) return `  ${date} ${doing}${whichText(bin)} …`;
  const percent = percentOf(amount);
  const filled = bar(percent / 100, barWidth).padEnd(barWidth, '░');
  return `  ${date} ${doing}${whichText(bin)} ${filled} ${percent} % ${farText(amount)}`;
}

function whichText(bin: ProgressStep['bin']): string {
  return bin === undefined || bin.of === 1 ? '' : ` file ${bin.number} of ${bin.of}`;
}

function percentOf({ done, total }: Amount): number {
  return total === 0 ? 100 : Math.floor((done / total) * 100);
}

function farText({ of, done, total }: Amount): string {
  return of === 'bytes'
    ? `${formatSize(done)} of ${formatSize(total)}`
    : `${formatCount(done)} of ${formatCount(total)} ${of}`;
}
