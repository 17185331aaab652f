import { bytesPerMb } from '../../core/units.ts';
import type { SizingDecision } from '../../plan/choose-size.ts';
import type { Figure } from '../../plan/figure.ts';
import type { Advice } from '../../telemetry/history/advice.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';

/** What the text is made from. */
export interface AdviceView {
  readonly dataset: string;
  readonly source: 'database' | 'receipts';
  /** How far back the history was asked. */
  readonly days: number;
  readonly advice: Advice;
  /** Absent where the dataset could not be reached. */
  readonly sizing: SizingDecision | undefined;
  /** What to type for these words. */
  readonly command: (words: readonly string[]) => string;
}

/** The advice as a person reads it: sentences, what to type, and then every number with its formula and what went into it. */
export function adviceText({ dataset, source, days, advice, sizing, command }: AdviceView): string {
  const from = source === 'database' ? 'the database' : 'the receipts in the dataset';
  const head = `Advice for ${printable(dataset)}, from the last ${counted(days, 'day')} of ${from}\n`;
  const { time } = advice;
  const sentences = [
    ...advice.reasons,
    ...(sizing?.reasons ?? ['No advice how large files should become: the dataset cannot be reached']),
  ];
  const isNextDay = time === undefined || time.daysAfter === 1;
  const words = [
    '--date',
    isNextDay ? 'yesterday' : 'DAY',
    ...(time === undefined || time.daysBack === 0 ? [] : ['--days-back', String(time.daysBack)]),
    ...(time === undefined ? [] : ['--quiet-minutes', String(time.quietMinutes)]),
    ...(sizing === undefined
      ? []
      : ['--target-size', String(Math.round(sizing.targetSizeBytes / bytesPerMb))]),
  ];
  const when = time === undefined ? '' : `At ${String(time.hourUtc).padStart(2, '0')}:00 UTC every day: `;
  const todo =
    time === undefined && sizing === undefined
      ? ''
      : `\n${when}${command(words)}\n${isNextDay ? '' : dayText(time.daysAfter)}`;
  const figures = [...advice.arithmetic, ...(sizing?.arithmetic ?? [])];
  const arithmetic =
    figures.length === 0 ? '' : `\nHow it was worked out:\n${figures.map(figureText).join('')}`;
  return `${head}\n${sentences.map((one) => `  ${printable(one)}\n`).join('')}${todo}${arithmetic}`;
}

function dayText(daysAfter: number): string {
  return `DAY is the date ${daysAfter} days ago: date -u -d '${daysAfter} days ago' +%F\n`;
}

function figureText({ name, value, unit, formula, inputs }: Figure): string {
  const given = Object.entries(inputs).map(([what, number]) => `${what} ${shown(number)}`);
  return `  ${name} = ${shown(value)} ${unit}\n    ${formula}: ${given.join(', ')}\n`;
}

function shown(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(6)));
}
