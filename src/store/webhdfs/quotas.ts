import { StoreError } from '../../core/errors.ts';
import { member, memberAt, numberAt } from '../../core/json-fields.ts';
import type { Quota, QuotaReport } from '../survey.ts';
import { ancestorsOf } from './ancestors.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';

/**
 * A NameNode counts what lies below a directory without a quota when it is asked for its quota. Above a directory of so many
 * entries nobody is asked any more.
 */
const maxCountedEntries = 1_000_000;

/** The root always has one, of so many names that it means none (`Long.MAX_VALUE`). */
const noLimit = 2 ** 62;

/**
 * The quotas that hold for a directory, asked of it and of those above it (`GETQUOTAUSAGE`; `GETCONTENTSUMMARY` before
 * Hadoop 2.10). Which directories have none is remembered, so that a run of many partitions asks once; those that have
 * one are asked anew each time.
 */
export function remoteQuotas(
  client: WebHdfsClient,
  looks: Looks,
): (directory: string) => Promise<QuotaReport> {
  const withoutQuota = new Set<string>();
  const unasked = new Set<string>();
  return async (directory) => {
    const quotas: Quota[] = [];
    const notAsked: string[] = [];
    let isTooMuch = false;
    // Hadoop 2 breaks over what is not there.
    const isThere = withoutQuota.has(directory) || (await looks.remote(directory, 'stat')) !== undefined;
    // From below: what lies below a directory lies below those above it too.
    for (const path of ancestorsOf(directory).toReversed()) {
      if (withoutQuota.has(path) || (path === directory && !isThere)) continue;
      if (unasked.has(path) || (isTooMuch && path !== '/')) {
        unasked.add(path);
        notAsked.push(path);
        continue;
      }
      const usage = await usageOf(client, path);
      if (usage === 'absent') continue;
      if (usage === 'refused') {
        unasked.add(path);
        notAsked.push(path);
        continue;
      }
      quotas.push(...usage.quotas);
      if (usage.quotas.length === 0) withoutQuota.add(path);
      isTooMuch ||= usage.quotas.length === 0 && usage.entries > maxCountedEntries;
    }
    return { quotas, notAsked };
  };
}

interface Usage {
  readonly quotas: readonly Quota[];
  /** Files and directories below, itself too. */
  readonly entries: number;
}

async function usageOf(client: WebHdfsClient, path: string): Promise<Usage | 'absent' | 'refused'> {
  const ask = (operation: string): Promise<unknown> =>
    client.json({
      method: 'GET',
      operation,
      path,
      op: 'stat',
      attempt: `read the quotas of ${client.uri}${path}`,
    });
  try {
    try {
      return usageIn(memberAt(await ask('GETQUOTAUSAGE'), 'QuotaUsage'), path);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'not-supported') throw error;
      return usageIn(memberAt(await ask('GETCONTENTSUMMARY'), 'ContentSummary'), path);
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'not-found') return 'absent';
    // Who may not look at everything below may not have it counted; and a gateway may not pass the question on.
    if (!error.retryable) return 'refused';
    throw error;
  }
}

/** Reads `org.apache.hadoop.fs.QuotaUsage`, or a content summary, which says the same. */
function usageIn(told: unknown, path: string): Usage {
  const counted = (numberAt(told, 'fileCount') ?? 0) + (numberAt(told, 'directoryCount') ?? 0);
  const entries = numberAt(told, 'fileAndDirectoryCount') ?? counted;
  const quotas: Quota[] = [];
  const add = (of: string, limit: number | undefined, used: number | undefined): void => {
    if (limit !== undefined && limit >= 0 && limit < noLimit)
      quotas.push({ path, of, limit, used: used ?? 0 });
  };
  add('names', numberAt(told, 'quota'), entries);
  add('space', numberAt(told, 'spaceQuota'), numberAt(told, 'spaceConsumed'));
  const byType = member(told, 'typeQuota');
  if (typeof byType === 'object' && byType !== null) {
    for (const [type, one] of Object.entries(byType))
      add(type, numberAt(one, 'quota'), numberAt(one, 'consumed'));
  }
  return { quotas, entries };
}
