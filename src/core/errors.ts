import { type ExitCode, exitCodes } from './exit-codes.ts';

/** What every error of this program carries besides its message. */
export interface ErrorDetails {
  /** Stable, kebab-case name of the case, e.g. `lock-held`: for metrics, JSON output and tests. */
  readonly code: string;
  /**
   * What to type or change next, one sentence. A command of this program stands in backticks without the program's name,
   * such as `` `recover --date 2025-08-15` ``: `cli/` completes it.
   */
  readonly hint?: string;
  /** In which state the data is now, e.g. `the originals are untouched`. */
  readonly dataState?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** Base of the five error classes: an error somebody can act on, with the exit code it leads to. */
export abstract class ConsolidatorError extends Error {
  abstract readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string | undefined;
  readonly dataState: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint;
    this.dataState = details.dataState;
    this.name = new.target.name;
  }
}

/** A flag, an environment variable, the configuration file or a date is wrong. */
export class ConfigError extends ConsolidatorError {
  readonly exitCode: ExitCode = exitCodes.usage;
}

/** What a {@link StoreError} adds. */
export interface StoreErrorDetails extends ErrorDetails {
  /** The store operation, e.g. `rename`. */
  readonly op: string;
  /** The full path it was about. */
  readonly path: string;
  /** errno name or HTTP status, when there is one. */
  readonly status?: string | number;
  /** Name of the exception a NameNode answered with. */
  readonly remoteException?: string;
  /** Whether the same call may succeed later. */
  readonly retryable?: boolean;
  /** True when a mutation may or may not have happened (its reply was lost): look before doing anything else. */
  readonly outcomeUnknown?: boolean;
}

/** A file system or object store refused or failed an operation. */
export class StoreError extends ConsolidatorError {
  readonly exitCode: ExitCode = exitCodes.storeUnreachable;
  readonly op: string;
  readonly path: string;
  readonly status: string | number | undefined;
  readonly remoteException: string | undefined;
  readonly retryable: boolean;
  readonly outcomeUnknown: boolean;

  constructor(message: string, details: StoreErrorDetails) {
    super(message, details);
    this.op = details.op;
    this.path = details.path;
    this.status = details.status;
    this.remoteException = details.remoteException;
    this.retryable = details.retryable ?? false;
    this.outcomeUnknown = details.outcomeUnknown ?? false;
  }
}

/** Where in a Parquet file something is wrong or not supported. */
export interface FormatPlace {
  /** Full path or URI of the file. */
  readonly file?: string;
  /** Row group number, from 0. */
  readonly rowGroup?: number;
  /** Dotted path of the leaf column. */
  readonly column?: string;
  /** Page number within the column chunk, from 0, dictionary page included. */
  readonly page?: number;
  /** Byte offset in the file. */
  readonly offsetBytes?: number;
  /** The feature that is not supported, e.g. `encoding DELTA_BYTE_ARRAY`. */
  readonly feature?: string;
}

/** An input is not Parquet, is damaged, or uses a feature that is not supported. */
export class FormatError extends ConsolidatorError {
  readonly exitCode: ExitCode = exitCodes.unsupportedInput;
  readonly place: FormatPlace;
  /** The message without its place, so that callers who know more of the place can build it again. */
  readonly problem: string;

  constructor(problem: string, details: ErrorDetails & { readonly place?: FormatPlace }) {
    const place = details.place ?? {};
    super(describePlace(place) + problem, details);
    this.place = place;
    this.problem = problem;
  }

  /** The same error with the parts of the place that were not known where it was thrown. */
  within(outer: FormatPlace): FormatError {
    return new FormatError(this.problem, {
      code: this.code,
      place: { ...outer, ...this.place },
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.dataState === undefined ? {} : { dataState: this.dataState }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
  }
}

function describePlace(place: FormatPlace): string {
  const parts: string[] = [];
  if (place.file !== undefined) parts.push(place.file);
  if (place.rowGroup !== undefined) parts.push(`row group ${place.rowGroup}`);
  if (place.column !== undefined) parts.push(`column ${place.column}`);
  if (place.page !== undefined) parts.push(`page ${place.page}`);
  if (place.offsetBytes !== undefined) parts.push(`offset ${place.offsetBytes}`);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}

/** The merged file is not what its inputs say it must be. */
export class VerifyError extends ConsolidatorError {
  readonly exitCode: ExitCode = exitCodes.verificationFailed;
}

/** A lock, journal, swap, recovery or undo could not go on. */
export class SwapError extends ConsolidatorError {
  readonly exitCode: ExitCode;

  constructor(message: string, details: ErrorDetails & { readonly exitCode?: ExitCode }) {
    super(message, details);
    this.exitCode = details.exitCode ?? exitCodes.swapInterrupted;
  }
}
