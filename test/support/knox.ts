import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess, startJava, writeProperties } from './hadoop-process.ts';
import { answering, freePort } from './kerberos-realm.ts';
import { mavenJars } from './maven-jars.ts';

const run = promisify(execFile);

/** A real Apache Knox in front of an HDFS, which takes everybody for the user `anonymous`. */
export interface Knox {
  /** `http://127.0.0.1:port/gateway/lake` */
  readonly url: string;
  stop(): Promise<void>;
}

const version = '2.0.0';

/** What a gateway for WebHDFS is put together of; a distribution has these and hundreds more. */
const parts = [
  'server',
  'service-webhdfs',
  'provider-security-authc-anon',
  'provider-identity-assertion-pseudo',
  'provider-identity-assertion-common',
  'provider-rewrite-func-service-registry',
  'provider-rewrite-func-hostmap-static',
  'provider-rewrite-func-inbound-query-param',
  'provider-rewrite-step-secure-query',
  'provider-rewrite-step-encrypt-uri',
];

/**
 * Starts Knox from its published jars, which Maven fetches once (100 MB). It ends with this process at the latest.
 * @throws HdfsUnavailable when they cannot be had
 */
export async function startKnox(nameNode: {
  readonly host: string;
  readonly httpPort: number;
}): Promise<Knox> {
  const jars = await knoxJars();
  const home = await mkdtemp(join(tmpdir(), 'consolidator-knox-'));
  const conf = join(home, 'conf');
  const port = await freePort();
  for (const name of [
    'conf/topologies',
    'conf/shared-providers',
    'conf/descriptors',
    'conf/META-INF/services',
  ]) {
    await mkdir(join(home, name), { recursive: true });
  }
  for (const name of ['data/security/keystores', 'data/deployments', 'data/applications', 'log']) {
    await mkdir(join(home, name), { recursive: true });
  }
  // Of a distribution, what tells how each service is rewritten.
  const definitions = join(jars, `gateway-service-definitions-${version}.jar`);
  await run('python3', ['-m', 'zipfile', '-e', definitions, join(home, 'data')]);
  await writeProperties(join(conf, 'gateway-site.xml'), {
    'gateway.port': String(port),
    'gateway.path': 'gateway',
    'ssl.enabled': 'false',
    'gateway.hadoop.kerberos.secured': 'false',
  });
  const provider = (role: string, name: string): string =>
    `<provider><role>${role}</role><name>${name}</name><enabled>true</enabled></provider>`;
  await writeFile(
    join(conf, 'topologies/lake.xml'),
    `<topology><gateway>${provider('authentication', 'Anonymous')}${provider('identity-assertion', 'Pseudo')}</gateway>` +
      `<service><role>WEBHDFS</role><url>http://${nameNode.host}:${nameNode.httpPort}/webhdfs</url></service></topology>`,
  );
  await writeFile(
    join(conf, 'log4j2.xml'),
    '<Configuration status="warn"><Appenders><Console name="c"><PatternLayout pattern="%d %p %c{1}: %m%n"/></Console></Appenders>' +
      '<Loggers><Root level="info"><AppenderRef ref="c"/></Root></Loggers></Configuration>',
  );
  // Which the distribution's own jar says.
  await writeFile(
    join(conf, 'META-INF/services/org.apache.knox.gateway.services.GatewayServices'),
    'org.apache.knox.gateway.services.DefaultGatewayServices\n',
  );
  const secret = randomBytes(12).toString('hex');
  const java = {
    classPath: `${conf}:${jars}/*`,
    options: [
      `-DGATEWAY_HOME=${home}`,
      `-Dlog4j.configurationFile=${conf}/log4j2.xml`,
      '--add-opens=java.base/java.util=ALL-UNNAMED',
    ],
    heap: '512m',
  };
  const tool = await startJava({
    ...java,
    main: 'org.apache.knox.gateway.util.KnoxCLI',
    args: ['create-master', '--master', secret, '--force'],
    log: join(home, 'log/master.log'),
  });
  await new Promise((resolve) => tool.once('exit', resolve));
  // Knox makes one by itself, with classes that Java 17 keeps to itself.
  await run('keytool', [
    ...[
      '-genkeypair',
      '-alias',
      'gateway-identity',
      '-keyalg',
      'RSA',
      '-dname',
      'CN=localhost',
      '-validity',
      '2',
    ],
    ...[
      '-storetype',
      'PKCS12',
      '-storepass',
      secret,
      '-keystore',
      join(home, 'data/security/keystores/gateway.jks'),
    ],
  ]);
  const gateway = await startJava({
    ...java,
    main: 'org.apache.knox.gateway.GatewayServer',
    log: join(home, 'log/gateway.log'),
  });
  const stop = async (): Promise<void> => {
    await endProcess(gateway);
    await rm(home, { recursive: true, force: true });
  };
  try {
    await answering(port, gateway);
    return { url: `http://127.0.0.1:${port}/gateway/lake`, stop };
  } catch (error) {
    await endProcess(gateway);
    throw error;
  }
}

/** The directory with the jars. */
function knoxJars(): Promise<string> {
  return mavenJars({
    name: `knox-${version}`,
    artifacts: parts.map((part) => `org.apache.knox:gateway-${part}:${version}`),
    // A terminal in the browser, from a repository that is no more.
    without: ['org.jetbrains.pty4j:*'],
    async prepare(directory) {
      // Two bindings of one logger; the other one is configured here.
      for (const name of await readdir(directory)) {
        if (name.startsWith('logback-')) await rm(join(directory, name));
      }
    },
  });
}
