import type { InspectFlags } from './inspect/inspect-flags.ts';

/** What every command takes. */
export interface CommonFlags {
  readonly verbose: boolean;
  readonly output: 'text' | 'json';
}

/** What a command takes that works with a configured dataset. */
export interface DatasetFlags extends CommonFlags {
  readonly configPath?: string;
  /** Names behind `--dataset`, as typed. */
  readonly datasets?: readonly string[];
  /** The one dataset of the configuration file that is meant, once it is chosen. */
  readonly dataset?: string;
  /** Values of flags that are settings, as typed, by flag name. */
  readonly settingFlags: Readonly<Record<string, string | boolean>>;
}

/** What the operator asked for; dates and numbers are still as they were typed. */
export type Invocation =
  | { readonly command: 'print'; readonly text: string }
  | (DatasetFlags & {
      readonly command: 'consolidate';
      readonly date?: string;
      readonly daysBack?: string;
      readonly from?: string;
      readonly to?: string;
      readonly shard?: string;
      readonly shardPlan?: string;
      readonly timeZone?: string;
      readonly dryRun: boolean;
      readonly force: boolean;
      readonly executors?: string;
      /** Whatever is worth it, instead of dates. */
      readonly all: boolean;
    })
  | (DatasetFlags & { readonly command: 'merge-bin' })
  | (DatasetFlags & {
      readonly command: 'merge';
      readonly inputs: readonly string[];
      readonly out: string;
      readonly sortCheck: boolean;
    })
  | (DatasetFlags & InspectFlags & { readonly command: 'inspect' })
  | (DatasetFlags & {
      readonly command: 'scan';
      readonly from?: string;
      readonly to?: string;
      readonly timeZone?: string;
      readonly top?: string;
      readonly footers: boolean;
    })
  | (DatasetFlags & {
      readonly command: 'explain';
      readonly date?: string;
      readonly timeZone?: string;
      readonly force: boolean;
    })
  | (DatasetFlags & {
      readonly command: 'recover';
      readonly date?: string;
      readonly timeZone?: string;
      readonly dryRun: boolean;
    })
  | (DatasetFlags & {
      readonly command: 'undo';
      readonly date?: string;
      readonly timeZone?: string;
      readonly runId?: string;
      readonly dryRun: boolean;
    })
  | (DatasetFlags & { readonly command: 'cleanup'; readonly dryRun: boolean })
  | (DatasetFlags & { readonly command: 'advise'; readonly timeZone?: string; readonly days?: string })
  | (DatasetFlags & {
      readonly command: 'history';
      readonly date?: string;
      readonly timeZone?: string;
      readonly days?: string;
      readonly limit?: string;
      readonly sql?: string;
    })
  | (DatasetFlags & { readonly command: 'doctor'; readonly date?: string; readonly timeZone?: string })
  | (CommonFlags & {
      readonly command: 'demo';
      readonly directory?: string;
      readonly hdfs: boolean;
      readonly keep: boolean;
    });
