/**
 * What the process tells cron, Kubernetes and shell scripts when it ends. The numbers are a contract:
 * `podFailurePolicy` rules and alerting match on them, so a number never changes its meaning.
 */
export const exitCodes = {
  /** Done, or nothing to do. */
  ok: 0,
  /** A bug: an error none of the classes below describes. */
  bug: 1,
  /** Wrong flag, configuration or date. Nothing was touched. */
  usage: 2,
  /** Several partitions were asked for; some failed, the others are done. Or one is folded, and not yet merged. */
  partial: 3,
  /** The store cannot be reached, refused an operation, or holds other files than a moment before. Run again. */
  storeUnreachable: 10,
  /** Another run holds the partition. */
  locked: 11,
  /** An input is corrupt or uses a feature that is not supported, or the partition is refused. It is untouched. */
  unsupportedInput: 12,
  /** The merged file does not equal its inputs. The originals are untouched. */
  verificationFailed: 13,
  /** A swap was interrupted; `recover` settles it. */
  swapInterrupted: 14,
  /** Ended by SIGINT (128 + 2). */
  interrupted: 130,
  /** Ended by SIGTERM (128 + 15). */
  terminated: 143,
} as const;

/** One of the numbers of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
