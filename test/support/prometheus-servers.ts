import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { programPath, skipWithoutPrograms, startServer } from './server-process.ts';

const packages = ['prometheus', 'prometheus-pushgateway'];

/** The `skip` option of tests that need Prometheus, promtool and Pushgateway. */
export function skipWithoutPrometheus(): string | false {
  return skipWithoutPrograms(['prometheus', 'promtool', 'prometheus-pushgateway'], packages);
}

/** Full path of one of the programs. @throws when it is not installed */
export function prometheusProgram(name: 'prometheus' | 'promtool' | 'prometheus-pushgateway'): string {
  const path = programPath(name);
  if (path === undefined) throw new Error(`${name} is not installed: apt-get install ${packages.join(' ')}`);
  return path;
}

/** A server that answers on this machine. */
export interface HttpServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A Pushgateway of its own. */
export async function startPushgateway(args: readonly string[] = []): Promise<HttpServer> {
  const directory = await mkdtemp(join(tmpdir(), 'pushgateway-'));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const server = await startServer(
    prometheusProgram('prometheus-pushgateway'),
    [
      `--web.listen-address=${address}`,
      // Debian's would else read and write what all of this machine have in common.
      `--persistence.file=${join(directory, 'metrics')}`,
      '--log.level=error',
      ...args,
    ],
    async () => (await fetch(`${url}/metrics`)).status < 500,
  );
  return {
    url,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A Prometheus that scrapes `targets` (`host:port`) every second and evaluates `ruleFile`. */
export async function startPrometheus(targets: readonly string[], ruleFile: string): Promise<HttpServer> {
  const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: 'pushgateway', honor_labels: true, static_configs: [{ targets }] }],
  };
  // YAML takes JSON.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(configuration));
  const server = await startServer(
    prometheusProgram('prometheus'),
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ],
    async () => (await fetch(`${url}/-/ready`)).ok,
  );
  return {
    url,
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
