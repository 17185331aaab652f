import type { ReportSink, RunReport } from '../run-report.ts';
import { exposition, isSuccess } from './exposition.ts';
import { causeOf } from './fetch-problem.ts';
import { type GatewayAddress, groupUrl } from './gateway-address.ts';

/** Longest wait for a Pushgateway, from connecting to the end of its reply. */
export const pushTimeoutMs = 10_000;

/** How to push. */
export interface PushRequest {
  readonly gateway: GatewayAddress;
  readonly job: string;
  /** Default: {@link pushTimeoutMs}. */
  readonly timeoutMs?: number;
}

/**
 * Pushes a run to a Pushgateway. A success replaces everything its group said before (PUT); a failure replaces only what
 * it says itself (POST), so that the time of the last success stays.
 */
export function pushSink(request: PushRequest): ReportSink {
  return { name: 'pushgateway', deliver: (report) => push(request, report) };
}

async function push(
  { gateway, job, timeoutMs = pushTimeoutMs }: PushRequest,
  report: RunReport,
): Promise<readonly string[]> {
  const url = groupUrl(gateway, { job, ...report });
  const lost = (problem: string): readonly string[] => [
    `the metrics could not be pushed to ${gateway.url}: ${problem}; the run is not affected, and the next one pushes again. ` +
      `Look at: curl ${gateway.url}/-/ready`,
  ];
  try {
    const response = await fetch(url, {
      method: isSuccess(report) ? 'PUT' : 'POST',
      body: await exposition(report),
      headers: {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        ...(gateway.authorization === undefined ? {} : { authorization: gateway.authorization }),
      },
      // A redirected PUT would end elsewhere, perhaps with our credentials.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.ok) return [];
    return lost(
      `it answered with status ${response.status}${inOneLine(text)}${credentialsHint(response.status)}`,
    );
  } catch (error) {
    return lost(causeOf(error, timeoutMs));
  }
}

function credentialsHint(status: number): string {
  return status === 401 || status === 403
    ? ' (it asks for credentials: user:password@ in the URL, or PUSHGATEWAY_BEARER_TOKEN)'
    : '';
}

function inOneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
  return line === '' ? '' : `: ${line}`;
}
