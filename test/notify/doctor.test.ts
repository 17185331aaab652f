import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { jsonOf } from '../cli/cli-process.ts';
import { demoDataset } from '../cli/dataset.ts';
import { listeningServer } from '../support/listening-server.ts';

test('doctor looks at alerts, hooks and lineage without setting them off, and shows no secret', async (t) => {
  const { basePath } = await demoDataset(t);
  const server = await listeningServer(t);
  const run = await runCliInProcess(['doctor', '--base-path', basePath, '--output', 'json'], {
    ALERT_WEBHOOK_URL: `http://user:SECRET@127.0.0.1:${server.port}/SECRET`,
    AFTER_SWAP_COMMAND: 'echo "unfinished',
    AFTER_SWAP_URL: 'http://127.0.0.1:1/SECRET',
    OPENLINEAGE_URL: `http://127.0.0.1:${server.port}`,
  });
  const found = new Map(
    (jsonOf(run).checks as { name: string; verdict: string; detail: string }[]).map(
      ({ name, verdict, detail }) => [name, `${verdict}: ${detail}`],
    ),
  );
  assert.equal(found.get('webhook'), `good: somebody listens at http://127.0.0.1:${server.port}/…`);
  assert.match(
    found.get('post-swap command') ?? '',
    /^warning: the shell does not understand it: .*[Uu]nterminated/,
  );
  assert.match(
    found.get('post-swap call') ?? '',
    /^warning: http:\/\/127\.0\.0\.1:1\/… cannot be reached: \S+$/,
  );
  assert.equal(found.get('OpenLineage'), `good: somebody listens at http://127.0.0.1:${server.port}/…`);
  assert.equal(server.seen.length, 0);
  assert.doesNotMatch(run.stdout + run.stderr, /SECRET/);
});
