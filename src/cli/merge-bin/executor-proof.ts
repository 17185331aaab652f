import type { ErrorCopy } from '../../core/error-copy.ts';
import type { ErrorDetails } from '../../core/errors.ts';

/** Codes of errors that are about a proof of who asks. */
const isAboutProof = /^(kerberos-|keytab-unreadable$|credentials-ending$|authentication-failed$)/;

/**
 * What an executor failed at. Where it could not prove who it is, the hint says how executors do that: not as the run does that
 * hands out the bins, and by nothing that it gives them.
 */
export function withProofHint(copy: ErrorCopy): ErrorCopy {
  if (copy.kind === 'store' && isAboutProof.test(copy.details.code)) {
    const { message, details } = copy;
    return { kind: 'store', message: onExecutor(message), details: { ...details, hint: hintFor(details) } };
  }
  if (copy.kind === 'config' && isAboutProof.test(copy.details.code)) {
    const { message, details } = copy;
    return { kind: 'config', message: onExecutor(message), details: { ...details, hint: hintFor(details) } };
  }
  return copy;
}

function onExecutor(message: string): string {
  return `on an executor: ${message}`;
}

function hintFor({ hint }: ErrorDetails): string {
  const there = hint === undefined ? '' : `. What is wrong there: ${hint}`;
  return (
    'each executor proves who it is by itself, and gets no ticket or token from this run: on YARN by the delegation token that Spark has ' +
    'put into its container, else by a keytab: give that to spark-submit (--files etl.keytab), and --keytab etl.keytab --principal NAME ' +
    'to the end of --worker; then the package kerberos must be found there (NODE_PATH)' +
    there
  );
}
