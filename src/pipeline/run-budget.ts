import { type DailyWindow, isWithin } from '../core/daily-window.ts';

/** What a run may take before it begins no further partition. */
export interface BudgetLimits {
  readonly maxDurationMs?: number;
  /** Of the files that are merged. */
  readonly maxBytes?: number;
}

/** The time, by two clocks. */
export interface RunClock {
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** Milliseconds of a clock that does not jump. */
  readonly ticksMs: () => number;
}

/** The clocks of this machine. */
export const machineClock: RunClock = { wallMs: () => Date.now(), ticksMs: () => performance.now() };

/** Why a partition is left for another run. */
export type LeftBecause = 'max-duration' | 'max-bytes' | 'window' | 'stopped';

/** What a partition is expected to take. */
export interface ExpectedWork {
  /** Of the files that will be merged, as far as anybody knows; 0 where there is nothing to do. */
  readonly bytes: number;
  readonly window?: DailyWindow;
  /** Of the window, where that names none. */
  readonly timeZone?: string;
}

/** Keeps account of what a run has taken. */
export interface RunBudget {
  /** Why work may not begin now; undefined where it may. */
  refuses(work: ExpectedWork): LeftBecause | undefined;
  /** Work begins. */
  begin(work: ExpectedWork): void;
  /** It is over, and took this. */
  end(work: ExpectedWork, taken: { readonly bytes: number; readonly durationMs: number }): void;
}

/**
 * A budget of which nothing is taken yet. What is at work counts with what is expected of it, what is done with what it took. How long a
 * partition will take is told by those that are done: as long for each byte.
 * @param beganMs when the run began, by the ticks of the clock
 */
export function runBudget(
  limits: BudgetLimits,
  clock: RunClock = machineClock,
  beganMs: number = clock.ticksMs(),
): RunBudget {
  const { maxDurationMs, maxBytes } = limits;
  const done = { bytes: 0, durationMs: 0 };
  let takenBytes = 0;
  return {
    refuses: ({ bytes, window, timeZone }) => {
      if (window !== undefined && !isWithin(window, clock.wallMs(), timeZone)) return 'window';
      if (maxDurationMs !== undefined) {
        const passedMs = clock.ticksMs() - beganMs;
        const expectedMs = done.bytes === 0 ? 0 : (done.durationMs / done.bytes) * bytes;
        if (passedMs >= maxDurationMs || passedMs + expectedMs > maxDurationMs) return 'max-duration';
      }
      if (maxBytes !== undefined && takenBytes + bytes > maxBytes) return 'max-bytes';
      return undefined;
    },
    begin: ({ bytes }) => {
      takenBytes += bytes;
    },
    end: ({ bytes }, taken) => {
      takenBytes += taken.bytes - bytes;
      if (taken.bytes === 0) return;
      done.bytes += taken.bytes;
      done.durationMs += taken.durationMs;
    },
  };
}
