import type { Phase } from './partition-result.ts';

/** Measures how long the phases of one partition take, by a clock that does not jump. */
export interface Stopwatch {
  /** Runs `work` and adds its time to the phase, also when it fails. */
  time<T>(phase: Phase, work: () => Promise<T>): Promise<T>;
  /** The phase that was begun last; `undefined` before the first. */
  current(): Phase | undefined;
  phaseMs(): Readonly<Partial<Record<Phase, number>>>;
  /** Since the stopwatch was made. */
  totalMs(): number;
}

/** @param nowMs a monotonic clock in milliseconds */
export function stopwatch(nowMs: () => number = () => performance.now()): Stopwatch {
  const startedMs = nowMs();
  const phases: Partial<Record<Phase, number>> = {};
  let current: Phase | undefined;
  return {
    time: async (phase, work) => {
      current = phase;
      const begunMs = nowMs();
      try {
        return await work();
      } finally {
        phases[phase] = rounded((phases[phase] ?? 0) + nowMs() - begunMs);
      }
    },
    current: () => current,
    phaseMs: () => ({ ...phases }),
    totalMs: () => rounded(nowMs() - startedMs),
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
