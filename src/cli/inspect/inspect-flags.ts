import { given, isOn, type Parsed, texts } from '../parsed-flags.ts';
import { wrongUsage } from '../usage-problem.ts';

/** What `inspect` is to do. */
export interface InspectFlags {
  readonly file: string;
  /** The file to compare its schema with. */
  readonly other?: string;
  readonly pages: boolean;
}

/**
 * Reads the flags of `inspect`.
 * @throws ConfigError `usage` where there are too few or too many files
 */
export function inspectFlags(argv: Parsed, program: string): InspectFlags {
  const files = texts(argv, 'files');
  const [file = '', other] = files;
  const isDiff = isOn(argv, 'diff');
  const pages = isOn(argv, 'pages');
  if (isDiff && pages) throw wrongUsage('--diff shows no pages.', 'Write --diff or --pages.');
  if (isDiff && files.length !== 2) {
    throw wrongUsage(
      `--diff compares two files, found ${files.length}.`,
      `For example: ${program} inspect --diff a.parquet b.parquet`,
    );
  }
  if (!isDiff && files.length > 1) {
    throw wrongUsage(
      `inspect explains one file, found ${files.length}.`,
      `To compare the schemas of two: ${program} inspect --diff ${file} ${other}`,
    );
  }
  return { file, ...given('other', other), pages };
}
