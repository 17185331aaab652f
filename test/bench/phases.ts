/** Seconds of each phase of a run, all partitions together, as the metrics state them that it wrote (`--metrics-textfile`). */
export function phasesIn(metrics: string): Readonly<Record<string, number>> {
  const lines = metrics.matchAll(/^\S*phase_duration_seconds\{[^}]*phase="(\w+)"[^}]*\} (\S+)$/gm);
  return Object.fromEntries([...lines].map(([, phase = '', seconds]) => [phase, Number(seconds)]));
}
