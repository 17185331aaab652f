import { ConfigError } from '../core/errors.ts';
import { isDate } from '../core/partition-key.ts';
import { msPerDay } from '../core/units.ts';

const allowed = 'YYYY-MM-DD (such as 2025-08-15), today or yesterday';

/** How `today` and `yesterday` are understood. */
export interface DateContext {
  readonly nowMs: number;
  /** IANA name such as `Europe/Berlin`; default UTC. */
  readonly timeZone?: string;
}

/**
 * The ISO date that `text` means: `YYYY-MM-DD`, `today` or `yesterday`.
 * @param flag what it was written behind, for messages
 * @throws ConfigError `bad-date`, `bad-time-zone`
 */
export function parseDate(text: string, context: DateContext, flag = '--date'): string {
  if (text === 'today') return currentDate(context);
  if (text === 'yesterday') return addDays(currentDate(context), -1);
  if (isDate(text)) return text;
  throw new ConfigError(`${flag} is "${text}"${whyNot(text)}; allowed: ${allowed}`, {
    code: 'bad-date',
    dataState: 'nothing was touched',
  });
}

/**
 * The date of the calendar at this moment in this time zone, as `YYYY-MM-DD`.
 * @throws ConfigError `bad-time-zone`
 */
export function currentDate({ nowMs, timeZone = 'UTC' }: DateContext): string {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
  } catch (cause) {
    throw new ConfigError(
      `--time-zone is "${timeZone}"; allowed: a name of the IANA time zone database such as UTC, Europe/Berlin or America/New_York`,
      { code: 'bad-time-zone', dataState: 'nothing was touched', cause },
    );
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  return `${(parts.get('year') ?? '').padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
}

/**
 * `date` and the `daysBack` days before it, oldest first: `daysBack + 1` dates.
 * @param date a date of the calendar, `YYYY-MM-DD`
 * @param daysBack a whole number from 0 to 36,500
 * @throws ConfigError `bad-days-back`
 */
export function datesBack(date: string, daysBack: number): readonly string[] {
  if (!Number.isInteger(daysBack) || daysBack < 0 || daysBack > 36_500) {
    throw new ConfigError(`--days-back is ${daysBack}; allowed: a whole number from 0 to 36500`, {
      code: 'bad-days-back',
      dataState: 'nothing was touched',
    });
  }
  return Array.from({ length: daysBack + 1 }, (_, index) => addDays(date, index - daysBack));
}

/** The date `days` days later (earlier when negative). */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * msPerDay)
    .toISOString()
    .slice(0, -'T00:00:00.000Z'.length);
}

function whyNot(text: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (parts === null) return '';
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  if (month < 1 || month > 12) return `, but there is no month ${parts[2]}`;
  const days = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
  return `, but ${parts[1]}-${parts[2]} has the days 01 to ${days}`;
}
