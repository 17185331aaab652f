import type { IncomingHttpHeaders } from 'node:http';

/** What servers gave this client to be recognised by, each for its own origin. In memory only. */
export interface Cookies {
  /** Value of the Cookie header for a request to this origin; undefined when there is none. */
  headerFor(origin: string): string | undefined;
  /** Takes what a reply sets. */
  keep(origin: string, headers: IncomingHttpHeaders): void;
  forget(origin: string): void;
}

/** A jar for the cookie of Hadoop's authentication (`hadoop.auth`) and those of gateways. */
export function cookieJar(): Cookies {
  const jars = new Map<string, Map<string, string>>();
  return {
    headerFor(origin) {
      const jar = jars.get(origin);
      if (jar === undefined || jar.size === 0) return undefined;
      return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    },
    keep(origin, headers) {
      for (const line of headers['set-cookie'] ?? []) {
        const [, name, value] = /^\s*([^=;\s]+)=("[^"]*"|[^;]*)/.exec(line) ?? [];
        if (name === undefined || value === undefined) continue;
        const jar = jars.get(origin) ?? new Map<string, string>();
        jars.set(origin, jar);
        // A server takes a cookie back by making it empty.
        if (value === '' || value === '""' || /;\s*max-age=0\b/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
    },
    forget(origin) {
      jars.delete(origin);
    },
  };
}
