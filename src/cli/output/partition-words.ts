import { dateOf, isDate, partitionLabel, relativePathOf } from '../../core/partition-key.ts';
import { printable } from './printable.ts';

/** A partition in a sentence: `date 2025-08-15`, or `partition year=2025/month=08/day=15` where a date does not name it. */
export function partitionWords(key: string): string {
  return isDate(key) ? `date ${key}` : `partition ${printable(partitionLabel(key))}`;
}

/** The same at the beginning of one. */
export function partitionWordsFirst(key: string): string {
  const words = partitionWords(key);
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** What JSON says of a partition: its date, and where that does not name it, its path below the base. */
export interface Dated {
  readonly date: string;
  readonly partition?: string;
}

/** The record with its partition's key parted into date and path. */
export function dated<T extends { readonly date: string }>(record: T): T & Dated {
  const { date: key } = record;
  return isDate(key) ? record : { ...record, date: dateOf(key), partition: relativePathOf(key) };
}

/** {@link dated}, for a record with a plan. */
export function datedWithPlan<
  P extends { readonly date: string },
  T extends { readonly date: string; readonly plan?: P },
>(record: T): T & Dated {
  const whole = dated(record);
  return whole.plan === undefined ? whole : { ...whole, plan: dated(whole.plan) };
}
