const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitBytes = { MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 } as const;

/** Milliseconds of a duration such as `2h`, `90m` or `1h30m`, at least a second; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:\.\d{1,3})?[dhms])+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, digits, unit] of text.matchAll(/([\d.]+)([dhms])/g)) {
    ms += Number(digits) * (Object.entries(unitMs).find(([name]) => name === unit)?.[1] ?? Number.NaN);
  }
  return ms >= 1000 && ms <= 366 * unitMs.d ? Math.round(ms) : undefined;
}

/** Bytes of a size such as `500GB` or `1.5 TB`; MB, GB and TB are of 2^20, 2^30 and 2^40 bytes. Undefined for any other text. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([MGT]B)$/i.exec(text) ?? [];
  const bytes = Object.entries(unitBytes).find(([name]) => name === unit?.toUpperCase())?.[1];
  if (digits === undefined || bytes === undefined) return undefined;
  const size = Math.round(Number(digits) * bytes);
  return size >= 1 && Number.isSafeInteger(size) ? size : undefined;
}

/** The mode that three or four octal digits such as `0640` are; undefined for any other text. */
export function parseMode(text: string): number | undefined {
  return /^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
