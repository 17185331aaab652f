import { ConfigError } from '../core/errors.ts';
import { type ExitCode, exitCodes } from '../core/exit-codes.ts';
import { errorFacts } from '../telemetry/error-facts.ts';
import { chosenDatasets, forDataset } from './chosen-datasets.ts';
import { commandWords } from './command-for.ts';
import type { CliEnvironment } from './environment.ts';
import type { DatasetFlags } from './invocation.ts';
import { withHintCommands } from './output/commands-in-text.ts';
import { jsonLine } from './output/json-line.ts';
import { tellError } from './output/record-terminal.ts';

/**
 * Does a command for each dataset that it is about, one after the other; an error with one does not keep it from the others. With JSON each
 * has a line of its own.
 * @returns the code they all ended with, or 3 where they differ
 */
export async function eachDataset<I extends DatasetFlags>(
  invocation: I,
  environment: CliEnvironment,
  run: (one: I) => Promise<ExitCode>,
): Promise<ExitCode> {
  const names = await chosenDatasets(invocation, environment);
  if (names.length === 1) return await run(forDataset(invocation, names[0]));
  const { terminal } = environment;
  const codes = new Set<ExitCode>();
  for (const name of names) {
    const one = forDataset(invocation, name);
    if (invocation.output === 'text') terminal.out(`${terminal.style.bold(`Dataset ${name}`)}\n`);
    try {
      codes.add(await run(one));
    } catch (error) {
      const facts = withHintCommands(errorFacts(error), commandWords(one, environment));
      if (facts.exitCode === exitCodes.interrupted || facts.exitCode === exitCodes.terminated) throw error;
      codes.add(facts.exitCode);
      if (invocation.output === 'json') {
        terminal.out(jsonLine({ datasetName: name, exitCode: facts.exitCode, error: facts }));
      }
      const view = { verbose: invocation.verbose, style: terminal.errStyle, where: `${name}: ` };
      tellError(terminal, facts, view);
    }
    if (invocation.output === 'text') terminal.out('\n');
  }
  const [only] = codes;
  return codes.size === 1 && only !== undefined ? only : exitCodes.partial;
}

/**
 * The invocation for the one dataset that a command is about which changes what was done before.
 * @throws ConfigError `dataset-missing` where there are several
 */
export async function forOneDataset<I extends DatasetFlags>(
  invocation: I,
  environment: CliEnvironment,
): Promise<I> {
  const names = await chosenDatasets(invocation, environment);
  if (names.length === 1) return forDataset(invocation, names[0]);
  throw new ConfigError(`which dataset? There are ${names.join(', ')}`, {
    code: 'dataset-missing',
    hint: `For example: --dataset ${names[0]}`,
    dataState: 'nothing was touched',
  });
}
