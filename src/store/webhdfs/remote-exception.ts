import { member, textAt } from '../../core/json-fields.ts';
import { withoutSecrets } from './auth/without-secrets.ts';

/** An exception of Hadoop as a reply tells it. Its name is all that can be relied on; HTTP statuses are shared. */
export interface RemoteException {
  /** Class name without its package, e.g. `AccessControlException`. */
  readonly name: string;
  /** First line of what it says. */
  readonly message: string;
}

/** The exception in the body of a reply; undefined when there is none, as in the error page of a proxy. */
export function remoteExceptionIn(body: Buffer): RemoteException | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    // Error pages are HTML.
    return undefined;
  }
  const told = member(json, 'RemoteException');
  const name = textAt(told, 'exception');
  if (name === undefined) return undefined;
  // A DataNode may wrap what the NameNode said, and then its whole stack.
  const message = (textAt(told, 'message') ?? '').split('\n')[0]?.trim() ?? '';
  return { name, message: withoutSecrets(message) };
}

/** What an exception means for whoever asked. */
export interface ExceptionMeaning {
  /** Stable kebab-case name of the case. */
  readonly code: string;
  /** The same call may succeed in a moment, and has certainly done nothing yet. */
  readonly isPassing?: boolean;
  readonly hint?: string;
}

const standby: ExceptionMeaning = {
  code: 'standby',
  isPassing: true,
  hint:
    "this NameNode is a standby; name the name service and the directory of Hadoop's configuration (HADOOP_CONF_DIR), so " +
    'that the active one is found, or the active one itself (hdfs haadmin -getAllServiceState)',
};

const meanings: Readonly<Record<string, ExceptionMeaning>> = {
  FileNotFoundException: { code: 'not-found' },
  PathNotFoundException: { code: 'not-found' },
  FileAlreadyExistsException: { code: 'exists' },
  AlreadyBeingCreatedException: {
    code: 'open-for-writing',
    hint: 'another writer has the file open; run again when it is done',
  },
  RecoveryInProgressException: {
    code: 'open-for-writing',
    hint: 'the file of a writer that died is being closed; run again in a few minutes',
  },
  ParentNotDirectoryException: { code: 'not-a-directory' },
  PathIsNotDirectoryException: { code: 'not-a-directory' },
  PathIsNotEmptyDirectoryException: { code: 'not-empty' },
  AccessControlException: {
    code: 'permission-denied',
    hint:
      'look at owner, group and mode of the path and its parents (hdfs dfs -ls -d), and at the user this program ' +
      'asks as (HADOOP_USER_NAME)',
  },
  AuthorizationException: {
    code: 'permission-denied',
    hint:
      'the cluster must allow it: hadoop.proxyuser.<user>.hosts and .users or .groups in its core-site.xml, for the ' +
      'user who asks and the one on whose behalf (--proxy-user)',
  },
  SafeModeException: {
    code: 'safe-mode',
    isPassing: true,
    hint: 'wait until the NameNode has left safe mode (hdfs dfsadmin -safemode get), then run again',
  },
  StandbyException: standby,
  // An observer that cannot answer now.
  ObserverRetryOnActiveException: standby,
  RetriableException: { code: 'busy', isPassing: true, hint: 'the NameNode is busy or starting; run again' },
  ServerTooBusyException: { code: 'busy', isPassing: true, hint: 'the NameNode is busy; run again' },
  NSQuotaExceededException: {
    code: 'quota-exceeded',
    hint: 'raise the name quota (hdfs dfsadmin -setQuota) or remove files below the directory that has it',
  },
  DSQuotaExceededException: {
    code: 'quota-exceeded',
    hint: 'raise the space quota (hdfs dfsadmin -setSpaceQuota) or free space below the directory that has it',
  },
  QuotaByStorageTypeExceededException: {
    code: 'quota-exceeded',
    hint: 'raise the quota of that storage type (hdfs dfsadmin -setSpaceQuota -storageType) or free space',
  },
  SnapshotException: { code: 'in-snapshot' },
  SnapshotAccessControlException: { code: 'in-snapshot' },
  AclException: { code: 'acl-unsupported', hint: 'ACLs need dfs.namenode.acls.enabled on the NameNode' },
  // Nothing was done, and another token may be had.
  InvalidToken: { code: 'authentication-failed', isPassing: true },
  AuthenticationException: { code: 'authentication-failed' },
  UnsupportedOperationException: { code: 'not-supported' },
};

/** What an exception of this name means; `store-failed` when nothing more is known of it. */
export function meaningOf({ name, message }: RemoteException): ExceptionMeaning {
  // What a user without the right to pass by is told about a path below a file.
  if (name === 'AccessControlException' && /\(is not a directory\)$/.test(message)) {
    return { code: 'not-a-directory' };
  }
  if (name === 'IllegalArgumentException' && /^Invalid value for webhdfs parameter "op"/.test(message)) {
    return { code: 'not-supported' };
  }
  // HttpFS.
  if (name === 'QueryParamException' && /No enum constant .*Operation/.test(message)) {
    return { code: 'not-supported' };
  }
  // The NameNode tells of a refused token as of a SecurityException with that in its text.
  if (/\bSecretManager\$InvalidToken\b/.test(message))
    return meanings.InvalidToken ?? { code: 'store-failed' };
  return meanings[name] ?? { code: 'store-failed' };
}
