import { exitCodes } from '../../core/exit-codes.ts';
import { dateOf } from '../../core/partition-key.ts';
import { listPartitions } from '../../partition/list-partitions.ts';
import { recoverDataset } from '../../swap/recover.ts';
import { clearTrials } from '../../swap/trial/clear-trials.ts';
import { counted } from '../output/numbers.ts';
import { bad, type Check, type Finding, good, note, warning } from './check.ts';
import { reachable } from './connection-checks.ts';
import type { Subject } from './subject.ts';

const group = 'Dataset';

/** Name of the check that everything below the dataset builds on. */
export const basePathCheck = 'base path';

/** Whether the dataset is there, whether the user may work in it, and what earlier runs left. */
export function datasetChecks(subject: Subject): readonly Check[] {
  const needs = [basePathCheck];
  const isRemote = subject.store.survey !== undefined;
  return [
    { group, name: basePathCheck, needs: isRemote ? [reachable] : [], run: () => baseFinding(subject) },
    { group, name: 'access', needs, run: () => accessFinding(subject) },
    { group, name: 'leftovers', needs, run: () => leftoversFinding(subject) },
  ];
}

async function baseFinding({ store, basePath, layout, shownPath }: Subject): Promise<Finding> {
  const dates = (await listPartitions({ store, basePath, layout })).map(({ key }) => dateOf(key));
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined) {
    return warning(
      `${shownPath(basePath)} has no partition ${layout.pattern}`,
      'name the directory that holds them (--base-path, HDFS_BASE_PATH, hdfs.base_path), or say how they are called (--layout)',
    );
  }
  const range = first === last ? first : `${first} to ${last}`;
  return good(`${shownPath(basePath)} has ${counted(dates.length, 'partition')}, ${range}`);
}

/** Asked of the store, since nothing in a partition is touched. */
async function accessFinding({ store, basePath, partition }: Subject): Promise<Finding | undefined> {
  const { survey } = store;
  if (survey === undefined) return undefined;
  const newest = await partition();
  const paths = [basePath, ...(newest === undefined ? [] : [newest.status.path])];
  for (const path of paths) {
    const may = await survey.mayAccess(path, 'rwx');
    if (may === undefined)
      return note('the server does not tell; what the user may do in _consolidation is tried below');
    if (may) continue;
    return bad(
      `${await survey.userName()} may not write in ${path}`,
      'let the user write there (hdfs dfs -chmod, -chown or -setfacl), or run as one who may (HADOOP_USER_NAME, hdfs.user)',
    );
  }
  return good(`the user may write in ${paths.join(' and ')}`);
}

async function leftoversFinding(subject: Subject): Promise<Finding> {
  const { store, basePath, layout, log } = subject;
  const trials = await clearTrials(store, basePath);
  const runs = await recoverDataset({ store, basePath, layout, dryRun: true, log });
  const open = runs.filter(({ action }) => action !== 'nothing' && action !== 'in-progress');
  const atWork = runs.length - runs.filter(({ action }) => action !== 'in-progress').length;
  const cleared =
    trials.length === 0 ? '' : `; ${counted(trials.length, 'trial')} of an earlier doctor removed`;
  const [first] = open;
  if (first === undefined) {
    return good(`no interrupted run${atWork === 0 ? '' : `, ${counted(atWork, 'run')} at work`}${cleared}`);
  }
  const text = `${counted(open.length, 'interrupted run')}, the first of ${first.date}: ${first.sentence}${cleared}`;
  if (open.some(({ needsAttention }) => needsAttention)) {
    return bad(text, 'see `recover --dry-run`', exitCodes.swapInterrupted);
  }
  return warning(text, 'the next run of that day settles it, or `recover`');
}
