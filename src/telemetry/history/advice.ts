import { formatSize } from '../../core/units.ts';
import { type Figure, figure } from '../../plan/figure.ts';
import { countOf } from '../../plan/sentences.ts';
import {
  type ArrivalPattern,
  arrivalPattern,
  hoursUntil,
  longestPauses,
  shareAfter,
} from './arrival-pattern.ts';
import type { PastRun } from './past-runs.ts';

/** When to run. */
export interface TimeAdvice {
  /** Hour of the day, UTC, 0 to 23. */
  readonly hourUtc: number;
  /** How many days after the date of the partition: 1 is the day after. */
  readonly daysAfter: number;
  readonly quietMinutes: number;
  /** For `--days-back`: so many days before, files still come. */
  readonly daysBack: number;
}

/** What the history says. Plain JSON. */
export interface Advice {
  /** Undefined where there is too little to go by, and `reasons` say what is missing. */
  readonly time?: TimeAdvice;
  /** Sentences of when to run, and of what it cost and brought. */
  readonly reasons: readonly string[];
  /** Every number in them. */
  readonly arithmetic: readonly Figure[];
  readonly arrivals: ArrivalPattern['hours'];
}

/** Below, a pattern would be chance. */
const leastDates = 7;
const leastFiles = 50;
/** Of the files that should be there when a run begins. */
const arrivedShare = 0.99;
/** Of the files that a look back should find. */
const lookBackShare = 0.999;
/** Whoever writes later than that for the usual hundredth does not go by the clock: the times may be those of a copy. */
const mostHours = 48;
/** Of ten pauses nine are not longer than the one that counts. */
const pauseShare = 0.9;
const leastQuietMinutes = 60;
const mostQuietMinutes = 360;
const mostDaysBack = 30;

/** Reads the history of a dataset. Pure: the same runs give the same advice. */
export function adviceFrom(runs: readonly PastRun[]): Advice {
  const pattern = arrivalPattern(runs);
  // Where every partition is a date, that is what people call them.
  const noun = runs.every(({ date, partition }) => partition === `date=${date}`) ? 'date' : 'partition';
  const time = timeAdvice(pattern, noun);
  const cost = costOf(runs, noun);
  return {
    ...(time.advice === undefined ? {} : { time: time.advice }),
    reasons: [...time.reasons, ...cost.reasons],
    arithmetic: [...time.arithmetic, ...cost.arithmetic],
    arrivals: pattern.hours,
  };
}

type PartitionNoun = 'date' | 'partition';

interface Part {
  readonly reasons: readonly string[];
  readonly arithmetic: readonly Figure[];
}

function timeAdvice(pattern: ArrivalPattern, noun: PartitionNoun): Part & { readonly advice?: TimeAdvice } {
  const { files, dates } = pattern;
  const hours = hoursUntil(pattern, arrivedShare);
  if (dates < leastDates || files < leastFiles || hours === undefined) {
    const has = `the history knows when ${countOf(files, 'file')} of ${countOf(dates, 'date')} were written`;
    return {
      reasons: [`No advice when to run: ${has}; it takes ${leastFiles} files of ${leastDates} dates`],
      arithmetic: [],
    };
  }
  const known = { files, dates };
  const hoursFigure = figure(
    'hours until the files are there',
    hours,
    'hours after the end of the date (UTC)',
    'the first hour at whose end the share of all files was there',
    { ...known, share: arrivedShare },
  );
  if (hours > mostHours) {
    return {
      reasons: [
        `No advice when to run: 99 % of the files were there only ${hours} hours after the end of their date. Where files are copied ` +
          'or restored, their times are those of that, and not of their arrival',
      ],
      arithmetic: [hoursFigure],
    };
  }
  const pauses = longestPauses(pattern, hours);
  const pause = pauses[Math.ceil(pauseShare * pauses.length) - 1] ?? 0;
  const quietMinutes = Math.min(mostQuietMinutes, Math.max(leastQuietMinutes, (pause + 1) * 60));
  // The partition must have lain still for that long when the run begins.
  const begin = hours + Math.ceil(quietMinutes / 60);
  const hourUtc = begin % 24;
  const daysAfter = 1 + Math.floor(begin / 24);
  const lastHours = hoursUntil(pattern, lookBackShare) ?? hours;
  const daysBack = Math.min(mostDaysBack, Math.max(0, Math.ceil((lastHours - begin) / 24)));
  const late = 1 - shareAfter(pattern, begin);
  const withinDay = shareAfter(pattern, 0);
  return {
    advice: { hourUtc, daysAfter, quietMinutes, daysBack },
    reasons: [
      `Begin at ${twoDigits(hourUtc)}:00 UTC, ${daysAfter === 1 ? 'the day after' : `${daysAfter} days after`} the date of the partition: ` +
        `${percent(withinDay)} of ${files} files (${dates} dates) were written before their date was over, 99 % within ` +
        `${hours} hours of its end`,
      `A quiet period of ${quietMinutes} minutes: on nine of ten ${noun}s no more than ${pause} whole hours went by between two files`,
      `Look ${daysBack} days back (--days-back ${daysBack}): ${percent(late)} of the files come later than such a run, 99.9 % of all ` +
        `within ${lastHours} hours`,
    ],
    arithmetic: [
      hoursFigure,
      figure(
        'share written within the date',
        withinDay,
        'share of files',
        'files written before the end of their date ÷ files',
        known,
      ),
      figure(
        'longest pause',
        pause,
        'whole hours without a file',
        `by ${noun} the longest between the end of the date and the last file in time; the quantile over the ${noun}s`,
        { [`${noun}s`]: pauses.length, quantile: pauseShare, 'hours until the files are there': hours },
      ),
      figure('quiet period', quietMinutes, 'minutes', '(longest pause + 1) × 60, between least and most', {
        'longest pause': pause,
        least: leastQuietMinutes,
        most: mostQuietMinutes,
      }),
      figure(
        'begin',
        begin,
        'hours after the end of the date (UTC)',
        'hours until the files are there + quiet period, in whole hours',
        {
          'hours until the files are there': hours,
          'quiet period': quietMinutes,
        },
      ),
      figure('share that is late', late, 'share of files', '1 − files written before begin ÷ files', {
        ...known,
        begin,
      }),
      figure(
        'days back',
        daysBack,
        'days',
        '(hours until the look-back share was there − begin) ÷ 24, rounded up, between 0 and most',
        { hours: lastHours, share: lookBackShare, begin, most: mostDaysBack },
      ),
    ],
  };
}

/** Share of what was merged that went into doing partitions again, from which on it is worth a sentence of its own. */
const muchAgain = 0.25;

function costOf(runs: readonly PastRun[], noun: PartitionNoun): Part {
  if (runs.length === 0) return { reasons: ['Nothing was consolidated in this time'], arithmetic: [] };
  const seen = new Set<string>();
  const first = runs.filter(({ partition }) => !seen.has(partition) && seen.add(partition));
  const again = runs.filter((run) => !first.includes(run));
  const all = sumsOf(runs);
  const repeated = sumsOf(again);
  const perGb = all.filesFreed / Math.max(all.bytesRead / 2 ** 30, 2 ** -30);
  const sums = {
    runs: runs.length,
    'files before': all.filesBefore,
    'files after': all.filesAfter,
    'bytes read': all.bytesRead,
    seconds: all.seconds,
  };
  const share = all.bytesRead === 0 ? 0 : repeated.bytesRead / all.bytesRead;
  const freedShare = all.filesFreed === 0 ? 0 : repeated.filesFreed / all.filesFreed;
  const arithmetic = [
    figure(
      'files freed',
      all.filesFreed,
      'files, each an object of the NameNode and an open of a query',
      'files before − files after',
      sums,
    ),
    figure('files freed for each GB', perGb, 'files per GB of 2^30 bytes', 'files freed ÷ bytes read', sums),
    figure(
      'seconds for each 1,000 files freed',
      (all.seconds * 1000) / Math.max(1, all.filesFreed),
      'seconds',
      'seconds × 1000 ÷ files freed',
      sums,
    ),
    figure(
      'share read again',
      share,
      'share of bytes',
      `bytes read by runs of a ${noun} after its first ÷ bytes read`,
      {
        'runs again': again.length,
        'bytes read again': repeated.bytesRead,
        'bytes read': all.bytesRead,
      },
    ),
    figure(
      'share freed by that',
      freedShare,
      'share of files freed',
      'files freed by these runs ÷ files freed',
      {
        'files freed again': repeated.filesFreed,
        'files freed': all.filesFreed,
      },
    ),
  ];
  const cost =
    `${countOf(runs.length, 'consolidation')} of ${countOf(first.length, noun)} read ${formatSize(all.bytesRead)} in ${Math.round(all.seconds)} s and freed ` +
    `${countOf(all.filesFreed, 'file')}: ${Math.round(perGb)} for each GB, each of them an object less for the NameNode and an open less for a query`;
  const repeats =
    again.length === 0
      ? []
      : [
          `${again.length} of them did a ${noun} again, which was ${percent(share)} of the bytes and ${percent(freedShare)} of the files freed` +
            (share >= muchAgain && freedShare < share
              ? ': a later hour, a larger late_data.min_share or late_data.min_files would read less for them'
              : ''),
        ];
  return { reasons: [cost, ...repeats], arithmetic };
}

interface Sums {
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly filesFreed: number;
  readonly bytesRead: number;
  readonly seconds: number;
}

function sumsOf(runs: readonly PastRun[]): Sums {
  const sum = (of: (run: PastRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const filesBefore = sum((run) => run.filesBefore);
  const filesAfter = sum((run) => run.filesAfter);
  return {
    filesBefore,
    filesAfter,
    filesFreed: filesBefore - filesAfter,
    bytesRead: sum((run) => run.bytesBefore),
    seconds: sum((run) => run.seconds),
  };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function twoDigits(hour: number): string {
  return String(hour).padStart(2, '0');
}
