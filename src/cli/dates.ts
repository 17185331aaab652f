import { ConfigError } from '../core/errors.ts';
import { defaultLayout, type PartitionLayout } from '../partition/layout.ts';
import type { DateLimits } from '../partition/list-partitions.ts';
import { currentDate, datesBack, parseDate } from '../partition/partition-dates.ts';
import type { DateRange } from '../pipeline/dates-in-range.ts';
import type { Shard } from '../pipeline/dates-of-shard.ts';
import { parseShard } from './shard.ts';
import { parsePartition } from './typed-partition.ts';

/** Dates, oldest first, at least one; or what there is in a range, or in one shard of it; or one partition, by its key. */
export type WantedDates =
  | { readonly dates: readonly string[] }
  | { readonly range: DateRange; readonly shard?: Shard }
  | { readonly key: string }
  /** Whatever is worth it, perhaps within a range. */
  | { readonly all: DateLimits };

/** The partitions somebody asked for. */
export interface ChosenDates {
  readonly wanted: WantedDates;
  /** The current day in the operator's time zone. */
  readonly today: string;
  /** True when the current day was asked for by the word `today`. */
  readonly currentDayAllowed: boolean;
}

/** What was typed, and what it is understood by. */
export interface TypedDates {
  readonly all?: boolean;
  readonly date?: string;
  readonly daysBack?: string;
  readonly from?: string;
  readonly to?: string;
  readonly shard?: string;
  readonly shardPlan?: string;
  readonly timeZone?: string;
  /** How partitions are called; absent: `date=…`. */
  readonly layout?: PartitionLayout;
  /** Milliseconds since 1970 by the store's clock. */
  readonly nowMs: number;
  /** How the program was called, for the example. */
  readonly program: string;
}

/**
 * Makes dates of what was typed: `--date` with `--days-back`, or `--from` and `--to`, perhaps with `--shard`.
 * @throws ConfigError `date-missing`, `bad-date`, `bad-days-back`, `bad-time-zone`, `bad-range`, `bad-shard`
 */
export function chooseDates(typed: TypedDates): ChosenDates {
  checkDates(typed);
  const { nowMs, timeZone, date = '', layout = defaultLayout } = typed;
  const context = { nowMs, ...(timeZone === undefined ? {} : { timeZone }) };
  const today = currentDate(context);
  if (typed.all === true) {
    const from = typed.from === undefined ? undefined : parseDate(typed.from, context, '--from');
    const to = typed.to === undefined ? undefined : parseDate(typed.to, context, '--to');
    if (from !== undefined && to !== undefined && from > to) {
      throw badRange(`--from ${from} is after --to ${to}`, typed.program);
    }
    const limits = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return { wanted: { all: limits }, today, currentDayAllowed: typed.to === 'today' };
  }
  if (typed.from === undefined || typed.to === undefined) {
    const one = parsePartition(date, layout, context);
    if ('key' in one && typed.daysBack !== undefined) {
      throw badRange('--days-back counts from a day, and --date is the path of one partition', typed.program);
    }
    return {
      wanted: 'key' in one ? one : { dates: datesBack(one.date, parseDaysBack(typed.daysBack)) },
      today,
      currentDayAllowed: date === 'today',
    };
  }
  const range = { from: parseDate(typed.from, context, '--from'), to: parseDate(typed.to, context, '--to') };
  if (range.from > range.to) {
    throw badRange(`--from ${range.from} is after --to ${range.to}`, typed.program);
  }
  const shard = typed.shard === undefined ? undefined : parseShard(typed.shard, typed.shardPlan);
  return {
    wanted: { range, ...(shard === undefined ? {} : { shard }) },
    today,
    currentDayAllowed: typed.to === 'today',
  };
}

/**
 * Whether something was typed from which dates can be made; to be asked before anything else, since that is what the operator must hear
 * first.
 * @throws ConfigError `date-missing`, `bad-range`
 */
export function checkDates({
  all = false,
  date,
  daysBack,
  from,
  to,
  shard,
  shardPlan,
  program,
}: Omit<TypedDates, 'nowMs'>): void {
  if (all) {
    if (date !== undefined) throw badRange('--all and --date are both given', program);
    if (daysBack !== undefined) throw badRange('--all and --days-back are both given', program);
    if (shard !== undefined) throw badRange('--all and --shard are both given', program);
  } else if (from !== undefined || to !== undefined) {
    if (from === undefined) throw badRange('--to is given, but no --from', program);
    if (to === undefined) throw badRange('--from is given, but no --to', program);
    if (date !== undefined) throw badRange('--date and --from are both given', program);
    if (daysBack !== undefined) throw badRange('--days-back and --from are both given', program);
  } else if (shard !== undefined) {
    throw badRange('--shard is given, but no --from and --to', program);
  } else if (date === undefined || date === '') {
    throw new ConfigError('--date is missing: which partition?', {
      code: 'date-missing',
      hint: `For example: ${program} --date 2025-08-15 --dry-run`,
      dataState: 'nothing was touched',
    });
  }
  if (shardPlan !== undefined && shard === undefined) {
    throw badRange('--shard-plan is given, but no --shard', program);
  }
}

function badRange(problem: string, program: string): ConfigError {
  const allowed = '--date with --days-back, --from and --to with --shard, or --all';
  return new ConfigError(`${problem}; allowed: ${allowed}`, {
    code: 'bad-range',
    hint: `For example: ${program} --from 2023-01-01 --to 2025-08-15 --shard 0/4`,
    dataState: 'nothing was touched',
  });
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
