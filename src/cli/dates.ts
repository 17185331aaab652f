import { ConfigError } from '../core/errors.ts';
import { currentDate, datesBack, parseDate } from '../partition/partition-dates.ts';

/** The partitions somebody asked for. */
export interface ChosenDates {
  /** `YYYY-MM-DD`, oldest first; at least one. */
  readonly dates: readonly string[];
  /** The current day in the operator's time zone. */
  readonly today: string;
  /** True when the current day was asked for by the word `today`. */
  readonly currentDayAllowed: boolean;
}

/** What was typed, and what it is understood by. */
export interface TypedDates {
  readonly date?: string;
  readonly daysBack?: string;
  readonly timeZone?: string;
  /** Milliseconds since 1970 by the store's clock. */
  readonly nowMs: number;
  /** How the program was called, for the example. */
  readonly program: string;
}

/**
 * Makes dates of what was typed.
 * @throws ConfigError `date-missing`, `bad-date`, `bad-days-back`, `bad-time-zone`
 */
export function chooseDates(typed: TypedDates): ChosenDates {
  const { date, nowMs, timeZone } = typed;
  if (date === undefined || date === '') {
    throw new ConfigError('--date is missing: which partition?', {
      code: 'date-missing',
      hint: `For example: ${typed.program} --date 2025-08-15 --dry-run`,
      dataState: 'nothing was touched',
    });
  }
  const context = { nowMs, ...(timeZone === undefined ? {} : { timeZone }) };
  const today = currentDate(context);
  return {
    dates: datesBack(parseDate(date, context), parseDaysBack(typed.daysBack)),
    today,
    currentDayAllowed: date === 'today',
  };
}

function parseDaysBack(typed: string | undefined): number {
  if (typed === undefined) return 0;
  if (/^\d{1,9}$/.test(typed)) return Number(typed);
  throw new ConfigError(`--days-back is "${typed}"; allowed: a whole number from 0 to 36500`, {
    code: 'bad-days-back',
    hint: '--days-back 7 means --date and the 7 days before it: 8 partitions.',
    dataState: 'nothing was touched',
  });
}
