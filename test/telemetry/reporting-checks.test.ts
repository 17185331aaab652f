import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { jsonOf } from '../cli/cli-process.ts';
import { demoDataset, tempDirectory } from '../cli/dataset.ts';
import { freePort } from '../support/free-port.ts';
import { type PostgresServer, skipWithoutPostgres, startPostgres } from '../support/postgres-server.ts';
import { type HttpServer, skipWithoutPrometheus, startPushgateway } from '../support/prometheus-servers.ts';

const skip = skipWithoutPostgres() || skipWithoutPrometheus();

describe('doctor looks at those whom a run tells how it went', { skip }, () => {
  let database: PostgresServer;
  let gateway: HttpServer;
  before(async () => {
    [database, gateway] = await Promise.all([startPostgres(), startPushgateway()]);
  });
  after(() => Promise.all([database?.dispose(), gateway?.stop()]));

  async function reporting(t: TestContext, env: Readonly<Record<string, string>>): Promise<unknown> {
    const { basePath } = await demoDataset(t);
    const run = await runCliInProcess(['doctor', '--base-path', basePath, '--output', 'json'], env);
    assert.equal(run.exit, 0, run.stderr);
    assert.doesNotMatch(run.stdout, /s3cr3t/);
    const checks = jsonOf(run).checks as { group: string; name: string; verdict: string; detail: string }[];
    return checks
      .filter(({ group }) => group === 'Reporting')
      .map(({ name, verdict, detail }) => [name, verdict, detail.replaceAll(/:\d{4,5}/g, ':PORT')]);
  }

  test('all is well', async (t) => {
    const directory = await tempDirectory(t);
    const textfile = join(directory, 'c.prom');
    const env = { PUSHGATEWAY_URL: gateway.url, METRICS_TEXTFILE: textfile, DATABASE_URL: database.url };
    assert.deepEqual(await reporting(t, env), [
      ['Pushgateway', 'good', 'http://127.0.0.1:PORT answers with status 200'],
      ['textfile', 'good', `${textfile} can be written`],
      [
        'history',
        'good',
        'PostgreSQL answers at 127.0.0.1:PORT/consolidation; the first run makes the tables',
      ],
    ]);
  });

  test('what cannot be reached is a warning, since a run works without it', async (t) => {
    const port = await freePort();
    const env = {
      PUSHGATEWAY_URL: `http://u:s3cr3t@127.0.0.1:${port}`,
      METRICS_TEXTFILE: '/no/such/directory/c.prom',
      DATABASE_URL: `postgresql://u:s3cr3t@127.0.0.1:${port}/d`,
    };
    assert.deepEqual(await reporting(t, env), [
      [
        'Pushgateway',
        'warning',
        'http://127.0.0.1:PORT cannot be reached: connect ECONNREFUSED 127.0.0.1:PORT',
      ],
      [
        'textfile',
        'warning',
        "no file can be made in /no/such/directory: ENOENT: no such file or directory, access '/no/such/directory'",
      ],
      ['history', 'warning', '127.0.0.1:PORT/d cannot be used: connect ECONNREFUSED 127.0.0.1:PORT'],
    ]);
  });

  test('without any of them there is nothing to say', async (t) => {
    assert.deepEqual(await reporting(t, {}), []);
  });
});
