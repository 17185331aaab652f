/** Where to push to, and as whom. */
export interface GatewayAddress {
  /** Without user, password, query, and slash at its end. */
  readonly url: string;
  /** What the header Authorization says; never printed. */
  readonly authorization?: string;
}

/** What the address of a gateway is made of. */
export interface GatewayConfiguration {
  /** `http://host:9091`, with `user:password@` where it asks for them. A path before `/metrics` is kept. */
  readonly url: string;
  /** Bearer token; wins over user and password of the URL. */
  readonly bearerToken?: string;
}

/** The address; undefined when the URL is none of scheme http or https. */
export function gatewayAddress({ url, bearerToken }: GatewayConfiguration): GatewayAddress | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return undefined;
  const bare = `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '');
  if (bearerToken !== undefined) return { url: bare, authorization: `Bearer ${bearerToken}` };
  if (parsed.username === '' && parsed.password === '') return { url: bare };
  const credentials = [parsed.username, parsed.password].map(decodeURIComponent).join(':');
  return { url: bare, authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}` };
}

/**
 * The group that a run's metrics belong to: job, dataset, and the shard where there is one; no instance, so that a job that
 * moves to another machine replaces what it said before. Values of path segments are base64 where the plain form could not be: slashes
 * are not told apart once a proxy has decoded them.
 */
export function groupUrl(
  { url }: GatewayAddress,
  group: { readonly job: string; readonly dataset: string; readonly shard?: string },
): string {
  const { job, dataset, shard } = group;
  const labels = [['job', job], ['dataset', dataset], ...(shard === undefined ? [] : [['shard', shard]])];
  return `${url}/metrics/${labels.map(([name = '', value = '']) => segment(name, value)).join('/')}`;
}

function segment(name: string, value: string): string {
  return /^[\w.-]+$/.test(value)
    ? `${name}/${value}`
    : `${name}@base64/${Buffer.from(value, 'utf8').toString('base64url')}`;
}
