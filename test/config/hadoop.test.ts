// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Hadoop, for Hadoop to replace
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { baseText } from '../../src/config/base-location.ts';
import { configurationOf } from '../../src/config/hadoop/configuration.ts';
import { loadHadoop } from '../../src/config/hadoop/load-hadoop.ts';
import { readXml } from '../../src/config/hadoop/xml-file.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { ConfigError } from '../../src/core/errors.ts';

const root = await mkdtemp(join(tmpdir(), 'hadoop-conf-'));
after(() => rm(root, { recursive: true, force: true }));
let directories = 0;

type Properties = Readonly<Record<string, string>>;

function xml(properties: Properties, more = ''): string {
  const lines = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n${lines.join('\n')}\n${more}</configuration>\n`;
}

/** A directory of Hadoop's configuration with these files. */
async function confWith(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(root, String(++directories));
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

const haCore: Properties = { 'fs.defaultFS': 'hdfs://nameservice1' };
const haHdfs: Properties = {
  'dfs.nameservices': 'nameservice1, other',
  'dfs.ha.namenodes.nameservice1': 'nn1,nn2',
  'dfs.namenode.rpc-address.nameservice1.nn1': 'nn1.example.com:8020',
  'dfs.namenode.rpc-address.nameservice1.nn2': 'nn2.example.com:8020',
  'dfs.namenode.http-address.nameservice1.nn1': 'nn1.example.com:50070',
  'dfs.namenode.http-address.nameservice1.nn2': 'nn2.example.com:50070',
  'dfs.namenode.https-address.nameservice1.nn1': 'nn1.example.com:50470',
  'dfs.namenode.https-address.nameservice1.nn2': 'nn2.example.com:50470',
  'dfs.namenode.rpc-address.other': 'lone.example.com:9000',
};

async function settingsFor(
  basePath: string,
  conf: string,
  options: { readonly env?: Properties; readonly flags?: Properties; readonly yaml?: string } = {},
): Promise<Settings> {
  const configPath = join(root, `${++directories}.yaml`);
  await writeFile(configPath, options.yaml ?? '{}');
  return await loadSettings({
    flags: { 'base-path': basePath, ...options.flags },
    env: { HADOOP_CONF_DIR: conf, ...options.env },
    configPath,
  });
}

async function originsFor(...args: Parameters<typeof settingsFor>): Promise<readonly string[]> {
  const { base } = await settingsFor(...args);
  if (base.kind === 'local') return [base.path];
  return base.origins ?? [`${base.host}:${base.webHdfsPort}`];
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  throw new Error('it was accepted');
}

describe("Hadoop's configuration says where a path lies", () => {
  it('by name service, by RPC address, and by default file system', async () => {
    const conf = await confWith({ 'core-site.xml': xml(haCore), 'hdfs-site.xml': xml(haHdfs) });
    const both = ['http://nn1.example.com:50070', 'http://nn2.example.com:50070'];
    for (const [basePath, origins] of [
      ['hdfs://nameservice1/data', both],
      ['hdfs:///data', both],
      ['/data', both],
      ['webhdfs://nameservice1/data', both],
      [
        'swebhdfs://nameservice1/data',
        both.map((one) => one.replace(':50070', ':50470').replace('http', 'https')),
      ],
      ['hdfs://nn2.example.com:8020/data', both.slice(1)],
      ['hdfs://NN2.example.com/data', both.slice(1)],
      // The name service without a list has one NameNode, at the usual HTTP port of its host.
      ['hdfs://other/data', ['http://lone.example.com:9870']],
      ['hdfs://lone.example.com:9000/data', ['http://lone.example.com:9870']],
      // Not of this configuration.
      ['hdfs://elsewhere:8020/data', ['elsewhere:9870']],
      ['webhdfs://nn1.example.com:14000/data', ['nn1.example.com:14000']],
    ] as const) {
      assert.deepEqual(await originsFor(basePath, conf), origins, basePath);
    }
    assert.equal(baseText((await settingsFor('/data', conf)).base), 'hdfs://nameservice1/data');
  });

  it('but leaves relative paths and file URIs to this machine, and is not even read for them', async () => {
    const nowhere = join(root, 'absent');
    assert.equal((await settingsFor('file:/data', nowhere)).base.kind, 'local');
    assert.equal((await settingsFor('data', nowhere)).base.kind, 'local');
    assert.match(
      await problemOf(settingsFor('/data', nowhere)),
      /^environment variable HADOOP_CONF_DIR names .*absent as Hadoop's configuration, which is not there$/,
    );
  });

  it('and leaves plain paths to this machine where its default is no HDFS', async () => {
    const conf = await confWith({ 'core-site.xml': xml({ 'hadoop.tmp.dir': '/tmp' }) });
    assert.equal((await settingsFor('/data', conf)).base.kind, 'local');
    assert.match(
      await problemOf(settingsFor('hdfs:///data', conf)),
      /core-site\.xml has no fs\.defaultFS that is an HDFS/,
    );
  });

  it('counts less than flag, environment and file', async () => {
    const conf = await confWith({ 'core-site.xml': xml(haCore), 'hdfs-site.xml': xml(haHdfs) });
    const yaml = 'hdfs: {namenode: "other"}\n';
    assert.deepEqual(await originsFor('/data', conf, { yaml }), ['http://lone.example.com:9870']);
    assert.deepEqual(await originsFor('/data', conf, { env: { HDFS_NAMENODE: 'elsewhere' } }), [
      'elsewhere:9870',
    ]);
    assert.deepEqual(await originsFor('/data', conf, { env: { HDFS_WEBHDFS_PORT: '1234' } }), [
      'http://nn1.example.com:1234',
      'http://nn2.example.com:1234',
    ]);
    const flagged = await confWith({ 'core-site.xml': xml({ 'fs.defaultFS': 'hdfs://third:8020' }) });
    assert.deepEqual(await originsFor('/data', conf, { flags: { 'hadoop-conf': flagged } }), [
      'http://third:9870',
    ]);
    const named = await settingsFor('/data', '', { yaml: `hdfs: {hadoop_conf: ${conf}}\n` });
    assert.equal(baseText(named.base), 'hdfs://nameservice1/data');
  });

  it('and can say where everything came from', async () => {
    const conf = await confWith({
      'core-site.xml': xml({ ...haCore, 'hadoop.security.authentication': 'kerberos' }),
      'hdfs-site.xml': xml(haHdfs),
    });
    const { sources, hdfs } = await settingsFor('/data', conf);
    assert.equal(hdfs.authentication, 'kerberos');
    assert.equal(sources['hdfs.authentication'], `${conf}/core-site.xml:4: hadoop.security.authentication`);
    assert.equal(
      sources['hdfs.servers'],
      `${conf}/hdfs-site.xml:7: dfs.namenode.http-address.nameservice1.nn1; ` +
        `${conf}/hdfs-site.xml:8: dfs.namenode.http-address.nameservice1.nn2`,
    );
    assert.equal(sources['hdfs.hadoop_conf'], 'environment variable HADOOP_CONF_DIR');
    const own = await settingsFor('/data', conf, { env: { HDFS_AUTHENTICATION: 'simple' } });
    assert.equal(own.hdfs.authentication, 'simple');
    assert.equal(own.sources['hdfs.authentication'], 'environment variable HDFS_AUTHENTICATION');
  });
});

describe('what is missing or not understood', () => {
  it('is named with file and key', async () => {
    const lacking = { ...haHdfs };
    for (const kind of ['rpc', 'http', 'https'])
      delete lacking[`dfs.namenode.${kind}-address.nameservice1.nn2`];
    const conf = await confWith({ 'core-site.xml': xml(haCore), 'hdfs-site.xml': xml(lacking) });
    assert.equal(
      await problemOf(settingsFor('hdfs://nameservice1/data', conf)),
      `flag --base-path is "hdfs://nameservice1/data" and ${conf}/hdfs-site.xml lacks ` +
        'dfs.namenode.http-address.nameservice1.nn2, and dfs.namenode.rpc-address.nameservice1.nn2 too',
    );
    const wrong = await confWith({
      'core-site.xml': xml(haCore),
      'hdfs-site.xml': xml({ ...haHdfs, 'dfs.namenode.http-address.nameservice1.nn1': 'nn1:x' }),
    });
    assert.match(
      await problemOf(settingsFor('/data', wrong)),
      /hdfs-site\.xml:7: dfs\.namenode\.http-address\.nameservice1\.nn1 is nn1:x; allowed: host:port$/,
    );
  });

  it('says of views and of Ozone what they are', async () => {
    for (const [system, why] of [
      [
        'viewfs://cluster',
        /core-site\.xml:3: fs\.defaultFS is viewfs:\/\/cluster, which is a view of several file systems/,
      ],
      ['o3fs://bucket.volume', /is Apache Ozone, which has no WebHDFS/],
      ['ofs://ozone1', /is Apache Ozone/],
      ['s3a://bucket', /is s3a:\/\/bucket, which is no HDFS/],
    ] as const) {
      const conf = await confWith({ 'core-site.xml': xml({ 'fs.defaultFS': system }) });
      assert.match(await problemOf(settingsFor('/data', conf)), why);
    }
  });

  it('refuses files that are no configuration, with their line', async () => {
    for (const [text, problem] of [
      ['<configuration><property></configuration>', /core-site\.xml:1: .*[Mm]issing end tag/],
      ['<configuration>\n\n  <property>&nothing;</property></configuration>', /core-site\.xml:3: /],
      ['<settings/>', /core-site\.xml:1: the file is a <settings>/],
      ['', /core-site\.xml:1: /],
      [
        xml({}, '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="absent.xml"/>'),
        /core-site\.xml:\d: includes .*absent\.xml, which does not exist, and has no fallback/,
      ],
      [xml({}, '<xi:include href="http://example.com/a.xml"/>'), /only files of this machine are read/],
      [
        xml({}, '<xi:include href="core-site.xml"/>'),
        /core-site\.xml includes .*core-site\.xml: files include each other in a circle/,
      ],
      [xml({ 'fs.defaultFS': '${a}', a: '${b}', b: '${a}' }), /fs\.defaultFS → a → b → a leads in a circle/],
    ] as const) {
      const conf = await confWith({ 'core-site.xml': text });
      assert.match(await problemOf(settingsFor('/data', conf)), problem, text);
    }
    const empty = await confWith({});
    assert.match(
      await problemOf(settingsFor('/data', empty)),
      /neither core-site\.xml nor hdfs-site\.xml is there/,
    );
  });
});

describe('the form of the files', () => {
  it('has includes with fallbacks, final properties, old names and attributes', async () => {
    const conf = await confWith({
      'core-site.xml': xml(
        { 'fs.default.name': 'hdfs://one:8020' },
        '<xi:include href="more/extra.xml" xmlns:xi="http://www.w3.org/2001/XInclude"/>\n' +
          '<xi:include href="absent.xml"><xi:fallback><property name="dfs.http.policy" value="HTTPS_ONLY" final="true"/></xi:fallback></xi:include>\n',
      ),
      'hdfs-site.xml': xml({ 'dfs.http.policy': 'HTTP_ONLY', 'dfs.namenode.https-address': '0.0.0.0:9999' }),
    });
    await mkdir(join(conf, 'more'));
    await writeFile(join(conf, 'more/extra.xml'), xml({}, '<xi:include href="deeper.xml"/>'));
    await writeFile(join(conf, 'more/deeper.xml'), xml({ 'fs.defaultFS': 'hdfs://two:8020' }));
    // Final: the later file does not change it. The address "any" takes its host from the RPC address.
    assert.deepEqual(await originsFor('/data', conf), ['https://two:9999']);
  });

  it('takes TLS where the cluster insists on it, and of both as soon as there is something to check it with', async () => {
    const conf = await confWith({
      'core-site.xml': xml(haCore),
      'hdfs-site.xml': xml({ ...haHdfs, 'dfs.http.policy': 'HTTP_AND_HTTPS' }),
    });
    const first = async (flags: Properties): Promise<string | undefined> =>
      (await originsFor('/data', conf, { flags }))[0];
    assert.equal(await first({}), 'http://nn1.example.com:50070');
    assert.equal(await first({ 'ca-file': 'ca.pem' }), 'https://nn1.example.com:50470');
  });

  it('replaces variables as Hadoop does', () => {
    const replacedIn = (value: string, more: Properties = {}): string | undefined =>
      configurationOf(
        '/conf',
        Object.entries({ key: value, ...more }).map(([name, one]) => ({
          name,
          value: one,
          isFinal: false,
          source: '/conf/core-site.xml:1',
        })),
        { env: { SET: 'here', EMPTY: '' }, properties: { 'user.name': 'etl' } },
      ).get('key')?.value;
    assert.equal(replacedIn('/user/${user.name}/x'), '/user/etl/x');
    assert.equal(replacedIn('${env.SET}'), 'here');
    assert.equal(replacedIn('${env.SET:-other}'), 'here');
    assert.equal(replacedIn('${env.EMPTY:-other}'), 'other');
    assert.equal(replacedIn('a${env.EMPTY-other}'), 'a');
    assert.equal(replacedIn('${env.UNSET-other}'), 'other');
    assert.equal(replacedIn('${env.UNSET:-x-y:z}'), 'x-y:z');
    assert.equal(replacedIn('${env.UNSET}'), '${env.UNSET}');
    assert.equal(replacedIn('${a}:${b}', { a: 'nn', b: '${c}', c: '8020' }), 'nn:8020');
    assert.equal(replacedIn('${absent.key}'), '${absent.key}');
    assert.equal(replacedIn('  '), undefined);
  });

  it('is read for what the cluster asks of programs', async () => {
    const conf = await confWith({
      'core-site.xml': xml(haCore),
      'hdfs-site.xml': xml({
        ...haHdfs,
        'dfs.webhdfs.rest-csrf.enabled': 'true',
        'dfs.webhdfs.rest-csrf.custom-header': 'X-OURS',
        'dfs.webhdfs.rest-csrf.methods-to-ignore': 'get, head',
      }),
      'ssl-client.xml': xml({
        'ssl.client.truststore.location': 'trust.jks',
        'ssl.client.truststore.password': 'changeit',
      }),
    });
    const { client } = await loadHadoop(conf, 'test', {});
    assert.deepEqual(client.csrfHeader, { name: 'X-OURS', methodsToIgnore: ['GET', 'HEAD'] });
    assert.deepEqual(client.trustStore, {
      path: `${conf}/trust.jks`,
      source: `${conf}/ssl-client.xml:3: ssl.client.truststore.location`,
      isPem: false,
    });
    assert.equal(JSON.stringify(client).includes('changeit'), false);
    assert.deepEqual(client.nameServices, ['nameservice1', 'other']);
  });

  it('is read whatever the text is: elements or a problem with a line', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '<configuration>',
            '</configuration>',
            '<property>',
            '<name>',
            '&amp;',
            '<',
            '>',
            '\n',
            ']]>',
            'x',
          ),
        ),
        (parts) => {
          const found = readXml(parts.join(''));
          return 'message' in found
            ? found.line >= 1
            : found.name === 'configuration' || found.name.length > 0;
        },
      ),
      { numRuns: 500 },
    );
  });

  it('knows the user of this process', async () => {
    const conf = await confWith({ 'core-site.xml': xml({ 'fs.defaultFS': 'hdfs://nn-${user.name}:8020' }) });
    assert.deepEqual(await originsFor('/data', conf), [`http://nn-${userInfo().username}:9870`]);
  });
});
