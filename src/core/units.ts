/** 2^20: what MB means in flags and configuration keys. */
export const bytesPerMb = 1024 * 1024;

/** A day of 24 hours. */
export const msPerDay = 86_400_000;

const letters = ['', 'K', 'M', 'G', 'T', 'P'] as const;

/** A size as `du -h` prints it: `44K`, `1.2M`, `630K`; one decimal below ten, rounded up like `du`. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  let power = 0;
  while (value >= 1024 && power < letters.length - 1) {
    value /= 1024;
    power++;
  }
  if (power === 0) return `${value}`;
  const oneDecimal = Math.ceil(value * 10) / 10;
  if (oneDecimal < 10) return `${oneDecimal.toFixed(1)}${letters[power]}`;
  const whole = Math.ceil(value);
  return whole >= 1024 && power < letters.length - 1
    ? `1.0${letters[power + 1]}`
    : `${whole}${letters[power]}`;
}

/** A size in MB with one decimal, as in `~1.2 MB`; never `0.0` for something that is there. */
export function formatMb(sizeBytes: number): string {
  const mb = sizeBytes / bytesPerMb;
  return mb > 0 && mb < 0.05 ? '<0.1' : mb.toFixed(1);
}
