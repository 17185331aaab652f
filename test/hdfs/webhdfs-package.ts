import { createRequire } from 'node:module';

/** What the tests use of the npm package `webhdfs`, which comes without types. */
export interface WebHdfsPackage {
  readdir(
    path: string,
    done: (error: Error | null, entries: readonly { readonly pathSuffix: string }[]) => void,
  ): void;
  createReadStream(path: string): NodeJS.ReadableStream;
}

interface Module {
  createClient(options: {
    readonly user: string;
    readonly host: string;
    readonly port: number;
    readonly path: string;
  }): WebHdfsPackage;
}

/** A client of that package; it shares no code with ours. The only door to it. */
export function webHdfsPackage(host: string, port: number, user: string): WebHdfsPackage {
  const load = createRequire(import.meta.url);
  const module: Module = load('webhdfs');
  return module.createClient({ user, host, port, path: '/webhdfs/v1' });
}
