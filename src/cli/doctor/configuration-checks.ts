import { baseText } from '../../config/base-location.ts';
import type { Settings } from '../../config/settings.ts';
import { type Check, good, note } from './check.ts';

const group = 'Configuration';

/** From where the settings came that say where the dataset lies and how it is reached. */
export function configurationChecks(settings: Settings): readonly Check[] {
  const { base, sources } = settings;
  const found = (name: string, detail: string): Check => ({ group, name, run: async () => note(detail) });
  const connection = Object.entries(sources).filter(
    ([key, source]) => key.startsWith('hdfs.') && key !== 'hdfs.base_path' && source !== 'default',
  );
  return [
    {
      group,
      name: 'settings',
      run: async () =>
        good(
          settings.configPath === undefined
            ? 'valid; no configuration file'
            : `valid; configuration file ${settings.configPath}`,
        ),
    },
    found('hdfs.base_path', `${baseText(base)}, from ${sources['hdfs.base_path'] ?? 'default'}`),
    ...(base.kind === 'local'
      ? []
      : connection.map(([key, source]) => {
          const value = shownValues(settings)[key];
          return found(key, `${value === undefined ? '' : `${value}, `}from ${source}`);
        })),
  ];
}

/** Values that may be shown, by key; those of other keys could be secret. */
function shownValues({ hdfs, base }: Settings): Readonly<Record<string, string | undefined>> {
  return {
    'hdfs.namenode': hdfs.namenode,
    'hdfs.port': String(hdfs.port),
    'hdfs.webhdfs_port': hdfs.webHdfsPort === undefined ? undefined : String(hdfs.webHdfsPort),
    'hdfs.user': hdfs.user,
    'hdfs.timeout_seconds': `${hdfs.timeoutMs / 1000} s`,
    'hdfs.hadoop_conf': hdfs.hadoop?.directory,
    'hdfs.servers': base.kind === 'hdfs' ? base.origins?.join(', ') : undefined,
    'hdfs.authentication': hdfs.authentication,
    'hdfs.kerberos_principal': hdfs.kerberosPrincipal,
    'hdfs.kerberos_keytab': hdfs.kerberosKeytab,
    'hdfs.proxy_user': hdfs.proxyUser,
    'hdfs.csrf_header': hdfs.hadoop?.csrfHeader?.name,
    'hdfs.trust_store': hdfs.hadoop?.trustStore?.path,
    'hdfs.failover_seconds': `${hdfs.failoverMs / 1000} s`,
    'hdfs.tls_ca_file': hdfs.tls.caFile,
    'hdfs.tls_certificate_file': hdfs.tls.certificateFile,
    'hdfs.allowed_redirect_hosts': hdfs.allowedRedirectHosts?.join(', '),
    'hdfs.requests_per_second': String(hdfs.limits.requestsPerSecond),
    'hdfs.namenode_connections': String(hdfs.limits.nameNodeConnections),
    'hdfs.datanode_connections': String(hdfs.limits.dataNodeConnections),
  };
}
