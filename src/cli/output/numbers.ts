/** `1,299,764`. */
export function formatCount(count: number): string {
  // Not toLocaleString: loading a locale takes longer than merging a handful of files.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 file`, `21 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `0.31 s`, `12.4 s`, `3 min 20 s`; below a tenth of a second `31 ms`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 100) return `${Math.max(1, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The change from `before` to `after` in words: `95 % fewer`, `4 % more`, `the same`. */
export function formatChange(
  before: number,
  after: number,
  words: { readonly less: string; readonly more: string },
): string {
  if (before === after) return 'the same';
  if (before === 0) return '';
  const percent = (Math.abs(before - after) / before) * 100;
  // Never "100 % fewer" while something is left.
  const shown =
    percent < 1
      ? '<1'
      : percent >= 99.5 && after > 0 && after < before
        ? (Math.floor(percent * 100) / 100).toFixed(2)
        : percent.toFixed(0);
  return `${shown} % ${after < before ? words.less : words.more}`;
}
