import type { Settings } from '../../config/settings.ts';
import type { ExitCode } from '../../core/exit-codes.ts';
import { silentLogger } from '../../core/log.ts';
import { listPartitions } from '../../partition/list-partitions.ts';
import { parseDate } from '../../partition/partition-dates.ts';
import { errorFacts } from '../../telemetry/error-facts.ts';
import { commandWords } from '../command-for.ts';
import { datasetDoctorChecks } from '../doctor/all-checks.ts';
import { bad, type Check } from '../doctor/check.ts';
import { configurationChecks } from '../doctor/configuration-checks.ts';
import { machineChecks } from '../doctor/machine-checks.ts';
import { notifyChecks } from '../doctor/notify-checks.ts';
import { replicaChecks } from '../doctor/replica-checks.ts';
import { reportingChecks } from '../doctor/reporting-checks.ts';
import { runChecks } from '../doctor/run-checks.ts';
import type { Subject } from '../doctor/subject.ts';
import { newCourse, type TrialCourse } from '../doctor/trial-checks.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import { datasetNamed, openUnreached, settingsOf, type UnreachedDataset } from '../open-dataset.ts';
import { withHintCommands } from '../output/commands-in-text.ts';
import { conclusionText, resultWriter } from '../output/doctor-text.ts';
import { jsonLine } from '../output/json-line.ts';
import { printable } from '../output/printable.ts';

type DoctorInvocation = Extract<Invocation, { command: 'doctor' }>;

/** Says, line by line, whether a run on this dataset would work, and what to do where it would not. */
export async function runDoctor(
  invocation: DoctorInvocation,
  environment: CliEnvironment,
): Promise<ExitCode> {
  const { terminal, version } = environment;
  const course = newCourse();
  const { dataset, checks } = await prepared(invocation, environment, course);
  const commands = commandWords(invocation, environment);
  const layout = {
    style: terminal.style,
    nameColumns: Math.max('not tried'.length, ...checks.map(({ name }) => name.length)),
    columns: Math.min(120, Math.max(80, terminal.columns)),
  };
  const isText = invocation.output === 'text';
  if (isText) {
    const place = dataset === undefined ? '' : ` on ${printable(dataset.shownPath(dataset.basePath))}`;
    terminal.out(`${terminal.style.bold(`parquet-consolidator doctor${place}`)}\n`);
  }
  const writer = resultWriter(layout, (text) => terminal.out(text));
  try {
    const { results, exitCode } = await runChecks(checks, (result) => {
      if (isText) writer.tell(withHintCommands(result, commands));
    });
    writer.end();
    if (isText) terminal.out(conclusionText(results, terminal.style));
    else {
      const checked = results.map((result) => withHintCommands(result, commands));
      const place =
        dataset === undefined
          ? {}
          : { ...datasetNamed(dataset.settings), store: dataset.store.uri, basePath: dataset.basePath };
      terminal.out(jsonLine({ command: 'doctor', exitCode, version, ...place, checks: checked }));
    }
    return exitCode;
  } finally {
    // Where a step failed so that the last one was not tried.
    await course.trial?.end();
  }
}

/** The checks, and the dataset if the configuration leads to one. */
async function prepared(
  invocation: DoctorInvocation,
  environment: CliEnvironment,
  course: TrialCourse,
): Promise<{ readonly dataset?: UnreachedDataset; readonly checks: readonly Check[] }> {
  let settings: Settings | undefined;
  try {
    settings = await settingsOf(invocation, environment);
    const dataset = await openUnreached(settings, environment);
    const subject: Subject = { ...dataset, log: silentLogger, partition: partitionOf(dataset, invocation) };
    return {
      dataset,
      checks: [
        ...machineChecks(environment.version, settings),
        ...configurationChecks(settings),
        ...datasetDoctorChecks(subject, course),
        ...reportingChecks(settings, environment),
        ...replicaChecks(settings, environment),
        ...notifyChecks(settings),
      ],
    };
  } catch (error) {
    const { message, hint, exitCode } = errorFacts(error);
    const group = 'Configuration';
    return {
      checks: [
        ...machineChecks(environment.version, settings),
        { group, name: 'settings', run: async () => bad(message, hint, exitCode) },
        { group: 'Dataset', name: 'dataset', needs: ['settings'], run: async () => undefined },
      ],
    };
  }
}

/** The partition of `--date`, else the newest; looked for once. */
function partitionOf(
  { store, basePath, layout }: UnreachedDataset,
  { date, timeZone }: DoctorInvocation,
): Subject['partition'] {
  let found: ReturnType<Subject['partition']> | undefined;
  const find: Subject['partition'] = async () => {
    const context = { nowMs: await store.nowMs(), ...(timeZone === undefined ? {} : { timeZone }) };
    const wanted = date === undefined ? undefined : parseDate(date, context);
    const limits = wanted === undefined ? {} : { from: wanted, to: wanted };
    const newest = (await listPartitions({ store, basePath, layout }, limits))
      .filter(({ status }) => status.kind === 'directory')
      .at(-1);
    return newest === undefined ? undefined : { date: newest.key, status: newest.status };
  };
  return () => {
    found ??= find();
    return found;
  };
}
