import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Settings } from '../../config/settings.ts';
import { shownUrl } from '../../telemetry/hooks/post-json.ts';
import { type Check, type Finding, good, warning } from './check.ts';

const group = 'Reporting';
const timeoutMs = 5000;

/**
 * Whether alerts, hooks and lineage can be expected to work, as far as that can be seen without setting them off: whether somebody
 * listens where a URL points, and whether a shell understands the command.
 */
export function notifyChecks({ notify }: Pick<Settings, 'notify'>): readonly Check[] {
  const { webhookUrl, afterSwap, lineage } = notify;
  const { command, url } = afterSwap;
  return [
    ...urlChecks('webhook', webhookUrl, 'alerts.webhook_url'),
    ...(command === undefined
      ? []
      : [{ group, name: 'post-swap command', run: () => commandFinding(command) }]),
    ...urlChecks('post-swap call', url, 'hooks.after_swap_url'),
    ...urlChecks('OpenLineage', lineage?.url, 'lineage.url'),
  ];
}

function urlChecks(name: string, url: string | undefined, setting: string): readonly Check[] {
  return url === undefined ? [] : [{ group, name, run: () => urlFinding(url, setting) }];
}

async function urlFinding(url: string, setting: string): Promise<Finding> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  const problem = await connectionProblem(hostname.replace(/^\[|\]$/g, ''), number);
  return problem === undefined
    ? good(`somebody listens at ${shownUrl(url)}`)
    : warning(
        `${shownUrl(url)} cannot be reached: ${problem}`,
        `a run works without it, with a warning: ${setting}`,
      );
}

/** Why no connection comes about; undefined when one does. Nothing is sent. */
function connectionProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs / 1000} s`));
    socket.on('connect', () => end(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

function commandFinding(command: string): Promise<Finding> {
  return new Promise((resolve) => {
    const shell = spawn('/bin/sh', ['-n', '-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    shell.stderr.on('data', (piece: Buffer) => {
      said = (said + piece.toString('utf8')).slice(-300);
    });
    const hint = 'change hooks.after_swap_command';
    shell.on('error', (error) => resolve(warning(`/bin/sh cannot be started: ${error.message}`, hint)));
    shell.on('close', (code) =>
      resolve(
        code === 0
          ? good('the shell understands it (it was not run)')
          : warning(`the shell does not understand it: ${said.trim().replaceAll('\n', ' ')}`, hint),
      ),
    );
  });
}
