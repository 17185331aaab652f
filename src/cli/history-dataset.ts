import { ConfigError, StoreError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { listBase } from '../partition/list-base.ts';
import type { CliEnvironment } from './environment.ts';
import type { DatasetFlags } from './invocation.ts';
import { type OpenDataset, openDataset } from './open-dataset.ts';

/** The dataset; undefined where it cannot be reached, but a database may have its history. */
export async function openUnlessElsewhere(
  invocation: DatasetFlags,
  environment: CliEnvironment,
  hasDatabase: boolean,
  log: Logger,
): Promise<OpenDataset | undefined> {
  try {
    const opened = await openDataset(invocation, environment);
    await listBase(opened.store, opened.basePath);
    return opened;
  } catch (error) {
    if (!hasDatabase || !(error instanceof StoreError)) throw error;
    log.warn(`${error.message}; what the database does not have yet stays there`);
    return undefined;
  }
}

/** A number that was typed for a flag. @throws ConfigError `bad-<flag>` */
export function wholeNumber(
  typed: string | undefined,
  { flag, most, otherwise }: { readonly flag: string; readonly most: number; readonly otherwise: number },
): number {
  if (typed === undefined) return otherwise;
  const number = /^\d+$/.test(typed) ? Number(typed) : 0;
  if (number >= 1 && number <= most) return number;
  throw new ConfigError(`${flag} is "${typed}"; allowed: a whole number from 1 to ${most}`, {
    code: `bad-${flag.slice(2)}`,
    dataState: 'nothing was touched',
  });
}
