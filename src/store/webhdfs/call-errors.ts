import type { IncomingMessage } from 'node:http';
import { StoreError } from '../../core/errors.ts';
import { withoutSecrets } from './auth/without-secrets.ts';
import { meaningOf, remoteExceptionIn } from './remote-exception.ts';

/** What a message and an error need to know of a call. */
export interface CallFacts {
  /** The store's operation, e.g. `make-directory`. */
  readonly op: string;
  /** The path within the store. */
  readonly path: string;
  /** What was attempted, to stand after `cannot`: `rename hdfs://host:8020/a to /b`. */
  readonly attempt: string;
  /** Whether the call changes anything. */
  readonly isMutation: boolean;
}

const nameNodeHint =
  'look whether the NameNode runs and answers there: WebHDFS is on its HTTP port (9870 unless ' +
  'dfs.namenode.http-address says otherwise), not on its RPC port (8020)';

const dataNodeHint =
  'this machine must reach every DataNode by the name and HTTP port that the NameNode gives (9864 unless ' +
  'dfs.datanode.http.address says otherwise); look whether the DataNode runs, and at names and firewalls';

const certificateHint =
  'this machine does not trust the certificate of the server: put the certificate of whoever signed it into a PEM ' +
  'file and name that with --ca-file (hdfs.tls_ca_file)';

/** Codes of OpenSSL and of `node:tls` for a certificate that is not good enough. */
const certificateCode = /CERT|SELF_SIGNED|ISSUER|ALTNAME|UNABLE_TO_VERIFY/;

/** A request that got no reply, or only part of one. */
export interface NoReply {
  /** Scheme, host and port of the server. */
  readonly server: string;
  readonly role: 'NameNode' | 'DataNode' | 'gateway';
  /** False when it is certain that the server got nothing of the request. */
  readonly wasSent: boolean;
  /** The error of the connection. */
  readonly cause: unknown;
}

/** The error of a call that got no reply, or only part of one. */
export function noReplyError(
  { op, path, attempt, isMutation }: CallFacts,
  { server, role, wasSent, cause }: NoReply,
): StoreError {
  const status = errnoOf(cause);
  const found = withoutSecrets(cause instanceof Error ? cause.message : String(cause));
  const isUnknown = wasSent && isMutation;
  return new StoreError(
    `cannot ${attempt}: ${wasSent ? 'no complete answer from' : 'no connection to'} the ${role} at ${server}: ${found}` +
      (isUnknown ? '; it may have been done or not' : ''),
    {
      code: wasSent ? 'no-answer' : 'unreachable',
      op,
      path,
      retryable: !isUnknown,
      outcomeUnknown: isUnknown,
      cause,
      ...(status === undefined ? {} : { status }),
      ...(wasSent ? {} : { hint: noConnectionHint(role, status) }),
    },
  );
}

function noConnectionHint(role: NoReply['role'], status = ''): string {
  if (certificateCode.test(status)) return certificateHint;
  return role === 'DataNode' ? dataNodeHint : nameNodeHint;
}

/** The error that a reply tells of, other than success. */
export function replyError(
  facts: CallFacts,
  server: string,
  { statusCode = 0 }: Pick<IncomingMessage, 'statusCode'>,
  body: Buffer,
): StoreError {
  const { op, path, attempt, isMutation } = facts;
  const exception = remoteExceptionIn(body);
  if (exception === undefined) return strangeReply(facts, server, statusCode, body);
  const { code, isPassing, hint } = meaningOf(exception);
  // Of a refusal (4xx) Hadoop says why, and HttpFS with a 500 too; any other failure in the middle of the work (5xx) may
  // have happened after it.
  const isUnknown = isMutation && statusCode >= 500 && isPassing !== true && code === 'store-failed';
  return new StoreError(
    `cannot ${attempt}: ${exception.name}: ${exception.message}${isUnknown ? '; it may have been done or not' : ''}`,
    {
      code,
      op,
      path,
      status: statusCode,
      remoteException: exception.name,
      // A refusal of known meaning is one whatever its status: HttpFS answers most with 500.
      retryable: isPassing === true || (!isMutation && code === 'store-failed'),
      outcomeUnknown: isUnknown,
      ...(hint === undefined ? {} : { hint }),
    },
  );
}

/** A reply that did not come from WebHDFS: of a proxy, of another port, of something that is no Hadoop. */
export function strangeReply(facts: CallFacts, server: string, status: number, body: Buffer): StoreError {
  // Sent on once more: it was taken for one that hands out data itself.
  const isSentOn = status === 307 && !facts.isMutation;
  const isPassing = status >= 500 || status === 429 || status === 408 || isSentOn;
  const isUnknown = facts.isMutation && (status < 300 || status >= 500);
  // Cut only afterwards: half a token is a secret too.
  const whole = withoutSecrets(body.subarray(0, 16_384).toString('utf8'));
  const text = whole.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  const isDenied = status === 401 || status === 407;
  return new StoreError(
    `cannot ${facts.attempt}: ${server} answered with HTTP status ${status}, not as WebHDFS does` +
      `${text === '' ? '' : ` (${text})`}${isUnknown ? '; it may have been done or not' : ''}`,
    {
      code: isDenied ? 'authentication-failed' : isPassing ? 'unavailable' : 'not-webhdfs',
      op: facts.op,
      path: facts.path,
      status,
      retryable: isPassing && !isUnknown,
      outcomeUnknown: isUnknown,
      hint: isDenied ? 'the server wants to know for certain who asks' : nameNodeHint,
    },
  );
}

/** The error of a server that answers itself where it should name a DataNode, and is no HttpFS. */
export function gatewayError({ op, path, attempt }: CallFacts, server: string): StoreError {
  return new StoreError(
    `cannot ${attempt}: ${server} answers itself where a NameNode names a DataNode, and not with data as HttpFS does`,
    { code: 'gateway-not-supported', op, path, hint: 'name the NameNode itself, and its HTTP port (9870)' },
  );
}

/** Code of {@link dataHere}. */
export const dataHereCode = 'data-here';

/** What a server is told of that hands out data itself instead of naming a DataNode, as HttpFS does. */
export function dataHere({ op, path, attempt }: CallFacts, server: string): StoreError {
  return new StoreError(`cannot ${attempt}: ${server} answers itself instead of naming a DataNode`, {
    code: dataHereCode,
    op,
    path,
    hint: nameNodeHint,
  });
}

function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
