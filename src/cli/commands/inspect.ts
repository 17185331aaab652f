import { resolve } from 'node:path';
import { baseText } from '../../config/base-location.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { ConfigError } from '../../core/errors.ts';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { readFooter } from '../../parquet/footer.ts';
import { refOf } from '../../store/store.ts';
import type { Invocation } from '../command-line.ts';
import type { CliEnvironment } from '../environment.ts';
import { describeFile } from '../inspect/describe-file.ts';
import { renderFile } from '../inspect/render-file.ts';
import { openLocalFile } from '../local-files.ts';
import { openDataset } from '../open-dataset.ts';
import { jsonLine } from '../output/json-line.ts';

type InspectInvocation = Extract<Invocation, { command: 'inspect' }>;

/** Shows what the footer of a Parquet file says. */
export async function runInspect(
  invocation: InspectInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const isUri = /^(?:file|s?webhdfs|hdfs):/i.test(invocation.file);
  const source = isUri
    ? await openByUri(invocation, environment)
    : await openLocalFile(resolve(invocation.file));
  try {
    const description = describeFile(await readFooter(source));
    terminal.out(
      invocation.output === 'json'
        ? jsonLine({ command: 'inspect', exitCode: exitCodes.ok, ...description })
        : renderFile(description, terminal.style),
    );
  } finally {
    await source.close();
  }
  return exitCodes.ok;
}

/** A file is found in the same way as a dataset: host, ports and user come from the settings. */
async function openByUri(invocation: InspectInvocation, environment: CliEnvironment): Promise<ByteSource> {
  const flags = { ...invocation, settingFlags: { 'base-path': invocation.file } };
  const { settings, store, basePath: path } = await openDataset(flags, environment);
  if (settings.base.kind === 'local') return openLocalFile(path);
  const status = await store.stat(path);
  if (status?.kind === 'file') {
    return { ...(await store.open(path, refOf(status))), name: baseText(settings.base) };
  }
  throw new ConfigError(
    `${baseText(settings.base)} ${status === undefined ? 'does not exist' : 'is no file'}`,
    { code: 'file-missing', hint: `Check the path: hdfs dfs -ls ${baseText(settings.base)}` },
  );
}
