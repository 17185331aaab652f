import {
  ConfigError,
  type ErrorDetails,
  FormatError,
  StoreError,
  type StoreErrorDetails,
  VerifyError,
} from './errors.ts';

/** An error as plain data, to be thrown again in another thread or process. Causes stay behind. */
export type ErrorCopy =
  | { readonly kind: 'format'; readonly problem: string; readonly details: FormatDetails }
  | { readonly kind: 'store'; readonly message: string; readonly details: StoreErrorDetails }
  | { readonly kind: 'verify'; readonly message: string; readonly details: ErrorDetails }
  | { readonly kind: 'config'; readonly message: string; readonly details: ErrorDetails }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string | undefined };

type FormatDetails = ErrorDetails & { readonly place: FormatError['place'] };

/** What {@link errorFromCopy} makes the error of. */
export function copyOfError(error: unknown): ErrorCopy {
  if (error instanceof FormatError) {
    return {
      kind: 'format',
      problem: error.problem,
      details: { ...detailsOf(error), place: { ...error.place } },
    };
  }
  if (error instanceof StoreError) {
    const { op, path, status, remoteException, retryable, outcomeUnknown } = error;
    return {
      kind: 'store',
      message: error.message,
      details: {
        ...detailsOf(error),
        ...{ op, path, retryable, outcomeUnknown },
        ...(status === undefined ? {} : { status }),
        ...(remoteException === undefined ? {} : { remoteException }),
      },
    };
  }
  if (error instanceof VerifyError) {
    return { kind: 'verify', message: error.message, details: detailsOf(error) };
  }
  if (error instanceof ConfigError) {
    return { kind: 'config', message: error.message, details: detailsOf(error) };
  }
  if (error instanceof Error) return { kind: 'other', message: error.message, stack: error.stack };
  return { kind: 'other', message: String(error), stack: undefined };
}

/** The error that was copied: of the same class where that is one for inputs, stores, verification and configuration. */
export function errorFromCopy(copy: ErrorCopy): Error {
  if (copy.kind === 'format') return new FormatError(copy.problem, copy.details);
  if (copy.kind === 'store') return new StoreError(copy.message, copy.details);
  if (copy.kind === 'verify') return new VerifyError(copy.message, copy.details);
  if (copy.kind === 'config') return new ConfigError(copy.message, copy.details);
  const error = new Error(copy.message);
  if (copy.stack !== undefined) error.stack = copy.stack;
  return error;
}

function detailsOf({
  code,
  hint,
  dataState,
}: FormatError | StoreError | VerifyError | ConfigError): ErrorDetails {
  return {
    code,
    ...(hint === undefined ? {} : { hint }),
    ...(dataState === undefined ? {} : { dataState }),
  };
}
