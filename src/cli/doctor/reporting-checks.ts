import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { bearerTokenVariable } from '../after-run.ts';
import type { CliEnvironment } from '../environment.ts';
import { type Check, type Finding, good, warning } from './check.ts';

const group = 'Reporting';
const timeoutMs = 5000;

/** Whether those can be reached whom a run tells how it went. None of them is needed for a run to work. */
export function reportingChecks(
  { metrics, history }: Settings,
  { env }: Pick<CliEnvironment, 'env'>,
): readonly Check[] {
  const { pushgatewayUrl, textfile } = metrics;
  const { url } = history;
  return [
    ...(pushgatewayUrl === undefined
      ? []
      : [
          { group, name: 'Pushgateway', run: () => gatewayFinding(pushgatewayUrl, env[bearerTokenVariable]) },
        ]),
    ...(textfile === undefined ? [] : [{ group, name: 'textfile', run: () => textfileFinding(textfile) }]),
    ...(url === undefined ? [] : [{ group, name: 'history', run: () => historyFinding(url) }]),
  ];
}

async function gatewayFinding(url: string, token = ''): Promise<Finding | undefined> {
  const { gatewayAddress } = await import('../../telemetry/metrics/gateway-address.ts');
  const gateway = gatewayAddress({ url, ...(token === '' ? {} : { bearerToken: token }) });
  if (gateway === undefined) return undefined;
  const hint = 'a run works without it, with a warning: metrics.pushgateway_url, PUSHGATEWAY_BEARER_TOKEN';
  try {
    const { authorization } = gateway;
    const response = await fetch(`${gateway.url}/-/ready`, {
      ...(authorization === undefined ? {} : { headers: { authorization } }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    const text = `${gateway.url} answers with status ${response.status}`;
    return response.ok ? good(text) : warning(text, hint);
  } catch (error) {
    const { causeOf } = await import('../../telemetry/metrics/fetch-problem.ts');
    return warning(`${gateway.url} cannot be reached: ${causeOf(error, timeoutMs)}`, hint);
  }
}

async function textfileFinding(path: string): Promise<Finding> {
  const directory = dirname(path);
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return warning(`no file can be made in ${directory}: ${problem}`, 'make it, or change metrics.textfile');
  }
  return path.endsWith('.prom')
    ? good(`${path} can be written`)
    : warning(`${path} can be written, but node_exporter reads *.prom only`, 'change metrics.textfile');
}

async function historyFinding(url: string): Promise<Finding> {
  const [{ connectPostgres, databaseName }, { schemaVersion, versionOf }, { problemOf }] = await Promise.all([
    import('../../telemetry/history/postgres.ts'),
    import('../../telemetry/history/migrations.ts'),
    import('../../telemetry/history/problem-of.ts'),
  ]);
  const hint = 'a run works without it, and the next one delivers what is missing: history.url, DATABASE_URL';
  try {
    const limits = { connectTimeoutMs: timeoutMs, statementTimeoutMs: timeoutMs };
    const database = await connectPostgres(url, limits);
    try {
      const version = await versionOf(database);
      if (version > schemaVersion) {
        return warning(
          `${database.name} has the schema of a newer version of this program (${version})`,
          hint,
        );
      }
      const tables = version === 0 ? 'the first run makes the tables' : `schema version ${version}`;
      return good(`PostgreSQL answers at ${database.name}; ${tables}`);
    } finally {
      await database.close();
    }
  } catch (error) {
    return warning(`${databaseName(url)} cannot be used: ${problemOf(error)}`, hint);
  }
}
