/**
 * True when two readings by the same reader hold the same values: bytes by content, lists by element, everything else
 * by identity, so that 0 and -0 differ and NaN equals NaN (payloads of NaN do not survive in JavaScript numbers).
 */
export function sameReading(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameReading(item, b[i]));
  }
  return Object.is(a, b);
}

/** A value of a reading as text for a message, cut at 60 characters. */
export function describeReading(value: unknown): string {
  const text = describe(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function describe(value: unknown): string {
  if (value instanceof Uint8Array) {
    const hex = Buffer.from(value.subarray(0, 24)).toString('hex');
    return `${value.length} bytes ${hex}${value.length > 24 ? '…' : ''}`;
  }
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  return Object.is(value, -0) ? '-0' : String(value);
}
