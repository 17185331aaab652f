import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { type ParquetFooter, readFooter } from '../../parquet/footer.ts';
import type { CliEnvironment } from '../environment.ts';
import { compareSchemas, renderComparison } from '../inspect/compare-schemas.ts';
import { describeFile } from '../inspect/describe-file.ts';
import { describePages, firstPageOf } from '../inspect/describe-pages.ts';
import { openInspected } from '../inspect/open-inspected.ts';
import { renderFile } from '../inspect/render-file.ts';
import { renderPages } from '../inspect/render-pages.ts';
import type { Invocation } from '../invocation.ts';
import { jsonLine } from '../output/json-line.ts';

type InspectInvocation = Extract<Invocation, { command: 'inspect' }>;

/** Explains a Parquet file, with `--pages` down to its pages; or compares the schemas of two. */
export async function runInspect(
  invocation: InspectInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  if (invocation.other !== undefined) return runDiff(invocation, invocation.other, environment);
  const source = await openInspected(invocation.file, invocation, environment);
  try {
    const footer = await readFooter(source);
    const description = describeFile(footer, await firstPageOf(source, footer));
    const chunks = invocation.pages ? await describePages(source, footer) : undefined;
    if (invocation.output === 'json') {
      const pages = chunks === undefined ? {} : { pages: chunks };
      terminal.out(jsonLine({ command: 'inspect', exitCode: exitCodes.ok, ...description, ...pages }));
    } else {
      const pages = chunks === undefined ? '' : `\n${renderPages(chunks, terminal.style)}`;
      terminal.out(renderFile(description, terminal.style) + pages);
    }
  } finally {
    await source.close();
  }
  return exitCodes.ok;
}

async function runDiff(
  invocation: InspectInvocation,
  other: string,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal } = environment;
  const first = await footerOf(invocation.file, invocation, environment);
  const comparison = compareSchemas(first, await footerOf(other, invocation, environment));
  terminal.out(
    invocation.output === 'json'
      ? jsonLine({ command: 'inspect', exitCode: exitCodes.ok, ...comparison })
      : renderComparison(comparison, terminal.style),
  );
  return exitCodes.ok;
}

async function footerOf(
  file: string,
  invocation: InspectInvocation,
  environment: CliEnvironment,
): Promise<ParquetFooter> {
  const source = await openInspected(file, invocation, environment);
  try {
    return await readFooter(source);
  } finally {
    await source.close();
  }
}
