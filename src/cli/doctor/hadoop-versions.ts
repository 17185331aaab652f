import { type Finding, good, note, warning } from './check.ts';

/** Lines of Hadoop that the tests run on. */
const tried: readonly string[] = ['3.4', '3.3', '2.10'];

/** What is known of the server's version, as `3.4.2`. */
export function hadoopFinding(version: string | undefined): Finding {
  if (version === undefined) {
    return note(
      'the NameNode does not tell its version (its /jmx is closed to us); what it can do is tried below',
    );
  }
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const text = `Hadoop ${version}`;
  if (tried.includes(`${major}.${minor}`))
    return good(`${text}; this program was tried with ${tried.join(', ')}`);
  if (major < 2 || (major === 2 && minor < 7)) {
    return warning(
      `${text}; this program was never tried with it`,
      'see whether the trial below goes well, then run it on a copy of a day first',
    );
  }
  return note(`${text}; this program was tried with ${tried.join(', ')}`);
}
