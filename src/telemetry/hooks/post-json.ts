/** Where and how something is told. */
export interface PostTarget {
  /** May hold secrets: of it only scheme, host and port are ever shown. */
  readonly url: string;
  /** For all tries together. */
  readonly timeoutMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const tries = 3;
const pauseMs = 500;

/**
 * Posts a value as JSON; what passes (no connection, 429, 5xx) is tried again while there is time.
 * @returns undefined once it was accepted (2xx), else why not, without anything secret. Never rejects.
 */
export async function postJson(
  { url, timeoutMs, headers = {} }: PostTarget,
  value: unknown,
): Promise<string | undefined> {
  const place = shownUrl(url);
  const { address, authorization } = withoutUser(url);
  const signal = AbortSignal.timeout(timeoutMs);
  let problem = '';
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      if (attempt > 0) await pause(pauseMs * attempt, signal);
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization, ...headers },
        body: JSON.stringify(value),
        // A redirect would carry what is told, and its secrets, to somebody else.
        redirect: 'manual',
        signal,
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      problem = `${place} answered ${response.status}`;
      if (response.status !== 429 && response.status < 500) return problem;
    } catch (error) {
      problem = `${place}: ${reasonOf(error, timeoutMs)}`;
      if (signal.aborted) return problem;
    }
  }
  return problem;
}

/** Scheme, host and port of a URL: user, path and query of webhooks are secrets. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'a URL that is none';
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}/…`;
}

/** fetch refuses a URL with user and password in it: they go into a header. */
function withoutUser(url: string): { address: string; authorization: Record<string, string> } {
  if (!URL.canParse(url)) return { address: url, authorization: {} };
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return { address: url, authorization: {} };
  const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  parsed.username = '';
  parsed.password = '';
  return {
    address: parsed.href,
    authorization: { authorization: `Basic ${Buffer.from(user, 'utf8').toString('base64')}` },
  };
}

/** The cause, by its stable name: messages of fetch may quote the URL. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `no answer within ${timeoutMs / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? 'no connection';
}

/** Ends early, with a rejection, when the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
