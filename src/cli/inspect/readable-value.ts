import { convertedType, physicalType } from '../../parquet/format.ts';
import type { LeafColumn } from '../../parquet/metadata/leaf-column.ts';

/** A value of a column as a person or a JSON reader takes it. */
export type ReadableValue = string | number | bigint | boolean;

/**
 * What PLAIN bytes of one value mean by the column's logical type: dates and times as ISO text, decimals as decimal
 * text, UTF-8 as text, other bytes as `0x` and hex digits. Bytes of another length than the type has become hex too.
 */
export function readableValue(leaf: LeafColumn, bytes: Uint8Array): ReadableValue {
  if (leaf.widthBytes !== 0 && bytes.length !== leaf.widthBytes) return hexOf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (leaf.type) {
    case physicalType.BOOLEAN:
      return bytes[0] !== 0;
    case physicalType.INT32:
      return readableInteger(leaf, BigInt(view.getInt32(0, true)), 32);
    case physicalType.INT64:
      return readableInteger(leaf, view.getBigInt64(0, true), 64);
    case physicalType.FLOAT:
      return shortestFloat(view.getFloat32(0, true));
    case physicalType.DOUBLE:
      return view.getFloat64(0, true);
    default:
      return readableBytes(leaf, bytes);
  }
}

/** The number with the fewest digits that is this FLOAT: 0.9, not 0.8999999761581421. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return Object.is(value, -0) ? value : shorter;
  }
  return value;
}

function readableInteger(leaf: LeafColumn, value: bigint, bits: 32 | 64): ReadableValue {
  const { logicalType: logical, convertedType: converted, scale } = leaf.element;
  if (leaf.sortOrder === 'unsigned32' || leaf.sortOrder === 'unsigned64') {
    return numberIfExact(BigInt.asUintN(bits, value));
  }
  if (logical?.name === 'DECIMAL' || converted === convertedType.DECIMAL) {
    return decimalText(value, logical?.scale ?? scale ?? 0);
  }
  if (logical?.name === 'DATE' || converted === convertedType.DATE) {
    return isoText(value * 86_400n, 0n, 0)?.slice(0, 10) ?? numberIfExact(value);
  }
  const digits = fractionDigits(leaf);
  if (digits === undefined) return numberIfExact(value);
  const unitsPerSecond = 10n ** BigInt(digits);
  const fraction = ((value % unitsPerSecond) + unitsPerSecond) % unitsPerSecond;
  const text = isoText((value - fraction) / unitsPerSecond, fraction, digits);
  if (text === undefined) return numberIfExact(value);
  const isTime =
    logical?.name === 'TIME' ||
    converted === convertedType.TIME_MILLIS ||
    converted === convertedType.TIME_MICROS;
  const isUtc = logical?.isAdjustedToUtc ?? true;
  return isTime ? text.slice(11) : isUtc ? `${text}Z` : text;
}

/** Digits after the second of a time or timestamp column; `undefined` for other columns. */
function fractionDigits(leaf: LeafColumn): 3 | 6 | 9 | undefined {
  const { logicalType: logical, convertedType: converted } = leaf.element;
  if (logical?.name === 'TIMESTAMP' || logical?.name === 'TIME') {
    if (logical.unit === 'MILLIS') return 3;
    if (logical.unit === 'MICROS') return 6;
    return logical.unit === 'NANOS' ? 9 : undefined;
  }
  if (converted === convertedType.TIMESTAMP_MILLIS || converted === convertedType.TIME_MILLIS) return 3;
  if (converted === convertedType.TIMESTAMP_MICROS || converted === convertedType.TIME_MICROS) return 6;
  return undefined;
}

/** `2025-08-15T19:11:32.851000`, without a zone; `undefined` beyond the years a Date can hold. */
function isoText(seconds: bigint, fraction: bigint, digits: number): string | undefined {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const whole = date.toISOString().slice(0, -5);
  return digits === 0 ? whole : `${whole}.${fraction.toString().padStart(digits, '0')}`;
}

function readableBytes(leaf: LeafColumn, bytes: Uint8Array): ReadableValue {
  const { logicalType: logical, convertedType: converted, scale } = leaf.element;
  if (logical?.name === 'DECIMAL' || converted === convertedType.DECIMAL) {
    return bytes.length === 0
      ? hexOf(bytes)
      : decimalText(signedBigEndian(bytes), logical?.scale ?? scale ?? 0);
  }
  if (logical?.name === 'UUID' && bytes.length === 16) {
    return hexOf(bytes)
      .slice(2)
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  const isText =
    ['STRING', 'ENUM', 'JSON'].includes(logical?.name ?? '') ||
    converted === convertedType.UTF8 ||
    converted === convertedType.ENUM ||
    converted === convertedType.JSON;
  if (!isText) return hexOf(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Some writers cut a string statistic in the middle of a character.
    return hexOf(bytes);
  }
}

function signedBigEndian(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(hexOf(bytes)));
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function numberIfExact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
