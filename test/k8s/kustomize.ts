import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

/** A Kubernetes object as YAML has it. */
export type Manifest = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: { readonly name: string };
};

// The last one compiles it, which takes a minute or two, once.
const candidates: readonly (readonly string[])[] = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
  ['go', 'run', 'sigs.k8s.io/kustomize/kustomize/v5@v5.7.1', 'build'],
];

function isThere([command = '']: readonly string[]): boolean {
  const version = command === 'kubectl' ? ['version', '--client'] : ['version'];
  return spawnSync(command, version, { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

const chosen = candidates.find(isThere);

/** The `skip` option for tests that need kustomize: false where it can run, and under `CI=true`, where its absence must fail. */
export function skipWithoutKustomize(): string | false {
  if (process.env.CI === 'true' || chosen !== undefined) return false;
  return 'no kustomize: install kustomize, kubectl or Go';
}

/** What kustomize makes of a folder: the YAML text, and its documents. */
export function rendered(folder: string): { readonly text: string; readonly manifests: readonly Manifest[] } {
  const [command = 'kustomize', ...words] = chosen ?? ['kustomize', 'build'];
  const { status, stdout, stderr, error } = spawnSync(command, [...words, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ${folder}: ${error?.message ?? stderr}`);
  const manifests = parseAllDocuments(stdout).map((document): Manifest => document.toJS());
  return { text: stdout, manifests };
}
