import type { PartitionResult } from '../../telemetry/partition-result.ts';

/** Codes of errors that are about the store as a whole, so that of many partitions all tell the same. */
const codes: ReadonlySet<string> = new Set([
  'unreachable',
  'no-answer',
  'unavailable',
  'not-webhdfs',
  'authentication-failed',
  'safe-mode',
  'standby',
  'busy',
]);

/** Whether a partition failed for a reason that is not its own, such as a NameNode that went down. */
export function isStoreWide({ error }: PartitionResult): boolean {
  return error !== undefined && codes.has(error.code);
}
