import { ConfigError } from '../core/errors.ts';
import { dateOf, partitionKey } from '../core/partition-key.ts';
import { defaultLayout, type PartitionLayout, parseByLayout } from '../partition/layout.ts';
import type { ListedDataset } from '../partition/list-partitions.ts';
import { listWorkspace } from '../partition/list-workspace.ts';
import { type DateContext, parseDate } from '../partition/partition-dates.ts';
import { partitionsOfDates } from '../pipeline/partitions-of-dates.ts';

/** What somebody typed to name partitions: a date, which may have several, or the path of one below the base. */
export type TypedPartition = { readonly date: string } | { readonly key: string };

/**
 * What `text` names: `YYYY-MM-DD`, today, yesterday, or a path such as `year=2025/month=08/day=15/hour=07`.
 * @param flag what it was written behind, for messages
 * @throws ConfigError `bad-date`, `bad-time-zone`
 */
export function parsePartition(
  text: string,
  layout: PartitionLayout,
  context: DateContext,
  flag?: string,
): TypedPartition {
  if (!/[=/]/.test(text)) return { date: parseDate(text, context, flag) };
  const path = text.replace(/\/+$/, '');
  const fields = parseByLayout(layout, path);
  if (fields !== undefined) return { key: partitionKey(fields.date, path) };
  throw new ConfigError(
    `${flag ?? '--date'} is "${text}", which is no partition of the layout ${layout.pattern}`,
    {
      code: 'bad-date',
      hint: 'Name a day (2025-08-15, today, yesterday), or the path of a partition below the base; --layout says how those are called.',
      dataState: 'nothing was touched',
    },
  );
}

/** The partitions that are meant, by their keys: those of a date as {@link partitionsOfDates} has them. */
export async function typedKeys(dataset: ListedDataset, typed: TypedPartition): Promise<readonly string[]> {
  return 'key' in typed ? [typed.key] : partitionsOfDates(dataset, [typed.date]);
}

/**
 * The partitions that are meant, as far as a run ever worked on them, also those that are not there at the moment.
 * Of `date=…` the one partition in any case.
 */
export async function typedKeysWorkedOn(
  { store, basePath, layout }: ListedDataset,
  typed: TypedPartition,
): Promise<readonly string[]> {
  if ('key' in typed) return [typed.key];
  if (layout.pattern === defaultLayout.pattern) return [typed.date];
  const keys = (await listWorkspace(store, basePath, layout)).map(({ key }) => key);
  return keys.filter((key) => dateOf(key) === typed.date).toSorted();
}

/** How a partition that was typed is called in a sentence. */
export function typedLabel(typed: TypedPartition): string {
  return 'date' in typed ? typed.date : typed.key.slice(typed.key.indexOf('@') + 1);
}
