import { FormatError, type FormatPlace } from '../core/errors.ts';

/** A `FormatError` for bytes that break the format's rules. Callers add the place they know with `within`. */
export function corrupt(problem: string, place: FormatPlace = {}): FormatError {
  return new FormatError(problem, {
    code: 'format-corrupt',
    place,
    hint: 'Move the file out of the partition, or restore it from its source, and run again.',
  });
}

/** A `FormatError` for a feature this version does not implement. */
export function unsupported(feature: string, place: FormatPlace = {}): FormatError {
  return new FormatError(`${feature} is not supported`, {
    code: 'format-unsupported',
    place: { ...place, feature },
    hint: 'The partition is left as it is; a writer setting that avoids this feature makes it mergeable.',
  });
}

/** A `FormatError` for what the memory that was allowed does not suffice for; `neededBytes` of it would. */
export function tooLarge(problem: string, neededBytes: number, place: FormatPlace = {}): FormatError {
  const megabytes = Math.ceil(neededBytes / 1024 / 1024);
  return new FormatError(problem, {
    code: 'format-too-large',
    place,
    hint: `Allow more memory: \`--memory ${megabytes}\`. The files are left as they are.`,
  });
}

/** The error with `place` added when it is a `FormatError`, or a `FormatError` when it is a view's `RangeError`. */
export function placed(error: unknown, place: FormatPlace): unknown {
  if (error instanceof FormatError) return error.within(place);
  if (error instanceof RangeError) return corrupt(`bytes end too early (${error.message})`).within(place);
  return error;
}
