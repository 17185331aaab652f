import { baseText } from '../config/base-location.ts';
import type { HadoopClientSettings } from '../config/hadoop/client-settings.ts';
import type { BaseLocation } from '../config/settings.ts';
import { StoreError } from '../core/errors.ts';
import type { Store } from '../store/store.ts';
import { fromKeyStore } from './tls-files.ts';

type HdfsLocation = Extract<BaseLocation, { kind: 'hdfs' }>;

/**
 * Makes the first contact with the NameNode, so that what is wrong with address, port or service is said once, in the
 * words of whoever configured it.
 * @throws StoreError
 */
export async function reachHdfs(
  store: Store,
  base: HdfsLocation,
  hadoop?: HadoopClientSettings,
): Promise<void> {
  try {
    await store.nowMs();
  } catch (error) {
    throw error instanceof StoreError ? explained(error, base, hadoop) : error;
  }
}

function explained(
  error: StoreError,
  base: HdfsLocation,
  hadoop: HadoopClientSettings | undefined,
): StoreError {
  const found = findingOf(error, base, hadoop);
  if (found === undefined) return error;
  return new StoreError(`cannot reach ${baseText(base)}: ${found.problem}`, {
    code: error.code,
    op: error.op,
    path: error.path,
    retryable: error.retryable,
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.remoteException === undefined ? {} : { remoteException: error.remoteException }),
    ...(found.hint === undefined ? {} : { hint: found.hint }),
    dataState: 'nothing was touched',
    cause: error,
  });
}

/** What is wrong, and what to do about it; undefined where the error says it best itself. */
function findingOf(
  { code, status, message, hint: own }: StoreError,
  base: HdfsLocation,
  hadoop: HadoopClientSettings | undefined,
): { readonly problem: string; readonly hint?: string } | undefined {
  // Of several NameNodes the error itself says which is in which state.
  if (code === 'no-active-namenode') return { problem: message, ...(own === undefined ? {} : { hint: own }) };
  const { scheme, webHdfsPort, path, origins = [] } = base;
  const { protocol, hostname: host } = new URL(
    origins[0] ?? `${scheme === 'swebhdfs' ? 'https' : 'http'}://${base.host}`,
  );
  const port = base.port ?? 8020;
  const isTls = protocol === 'https:';
  const server = `${host}:${webHdfsPort}`;
  const url = `${isTls ? 'https' : 'http'}://${server}/webhdfs/v1/?op=GETFILESTATUS`;
  const portSetting = scheme === 'hdfs' ? 'hdfs.webhdfs_port or HDFS_WEBHDFS_PORT' : 'the port in the URI';
  const httpKey = isTls ? 'dfs.namenode.https-address' : 'dfs.namenode.http-address';
  const look = `try: curl -sS '${url}'`;
  if (/Hadoop IPC port/.test(message)) {
    const advice =
      scheme === 'hdfs'
        ? `set ${portSetting} to the port of ${httpKey} (9870 unless changed)`
        : `write hdfs://${host}:${port}${path}, or the HTTP port: ${scheme}://${host}:${isTls ? 9871 : 9870}${path}`;
    return {
      problem: `${server} is an RPC port of Hadoop; WebHDFS is on the NameNode's HTTP port`,
      hint: advice,
    };
  }
  if (/Invalid operation/.test(message)) {
    return {
      problem: `${server} is a DataNode; the NameNode is asked first`,
      hint: `name the NameNode and its HTTP port (${httpKey}, ${isTls ? 9871 : 9870} unless changed)`,
    };
  }
  switch (status) {
    case 'ECONNREFUSED':
      return {
        problem: `nothing listens on ${server}, where WebHDFS should be (connection refused)`,
        hint:
          `look whether the NameNode runs, and which port it has (on its host: hdfs getconf -confKey ${httpKey}); ` +
          `another one than ${webHdfsPort} goes into ${portSetting}; ${look}`,
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        problem: `the host ${host} is not known here (${status})`,
        hint:
          `check the name (getent hosts ${host}); if it is the name service of an HA cluster, name the directory of ` +
          `its Hadoop configuration (HADOOP_CONF_DIR or --hadoop-conf)${knownServices(hadoop)}`,
      };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return {
        problem: `${server} does not answer (${status})`,
        hint: `look whether host and network are up and no firewall is between; ${look}`,
      };
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return {
        problem: `${server} does not speak TLS`,
        hint: `write webhdfs://${server}${path}, or name the port of dfs.namenode.https-address`,
      };
    default:
      break;
  }
  if (status === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      problem: `the certificate of ${server} is that of another host (${status})`,
      hint: `call the server by a name that its certificate has (openssl s_client -connect ${server} shows it)`,
    };
  }
  if (isTls && typeof status === 'string' && /CERT|SIGNATURE|ISSUER/.test(status)) {
    return {
      problem: `the certificate of ${server} is not trusted (${status})`,
      hint: `name the certificate authority of the cluster: --ca-file /path/to/ca.pem${fromTrustStore(hadoop)}`,
    };
  }
  if (code === 'authentication-failed') {
    return {
      problem: `${server} wants proof of who asks (HTTP status ${status}) and does not take what it got`,
      hint:
        'with Kerberos: get a ticket (kinit), or name a keytab (--keytab FILE --principal NAME), and leave ' +
        'hdfs.authentication at auto or set it to kerberos',
    };
  }
  if (code === 'standby') {
    return {
      problem: `the NameNode ${host} is a standby`,
      hint:
        'name the name service and the directory of its Hadoop configuration (HADOOP_CONF_DIR or --hadoop-conf), so that ' +
        'the active one is found; or name the active one (hdfs haadmin -getAllServiceState)',
    };
  }
  if (code === 'not-webhdfs' || code === 'no-answer') {
    return {
      problem: `what answers on ${server} is not WebHDFS (${message.replace(/^cannot [^:]*\S*: /, '')})`,
      hint: `look whether ${webHdfsPort} is the NameNode's ${isTls ? 'HTTPS' : 'HTTP'} port (${httpKey}) and speaks ${isTls ? 'TLS' : 'no TLS'}; ${look}`,
    };
  }
  return undefined;
}

/** What Hadoop's configuration knows, for whoever mistyped a name service. */
function knownServices(hadoop: HadoopClientSettings | undefined): string {
  if (hadoop === undefined) return '';
  const names = hadoop.nameServices;
  return `; ${hadoop.directory}/hdfs-site.xml (dfs.nameservices) has ${names.length === 0 ? 'none' : names.join(', ')}`;
}

function fromTrustStore(hadoop: HadoopClientSettings | undefined): string {
  const store = hadoop?.trustStore;
  if (store === undefined || store.isPem) return '';
  return `; the cluster's own is in ${store.path} (${store.source}), which only Java reads: ${fromKeyStore(store.path)}`;
}
