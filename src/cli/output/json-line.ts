/**
 * A value as one compact line of JSON. 64-bit integers become numbers while a number holds them exactly, else
 * strings; NaN and infinities become strings; bytes become hex digits.
 */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value, (_key, part: unknown) => jsonSafe(part))}\n`;
}

function jsonSafe(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return '-0';
  return value;
}
