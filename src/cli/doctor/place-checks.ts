import { formatSize } from '../../core/units.ts';
import { workspacePath } from '../../partition/names.ts';
import type { Quota, Survey } from '../../store/survey.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { bad, type Check, type Finding, good, note, warning } from './check.ts';
import { basePathCheck } from './dataset-checks.ts';
import type { Subject } from './subject.ts';

const group = 'Place';

/** Names that a run of one bin makes before it takes any away. */
const namesOfRun = 20;

/** Less than this is free of a space quota: not even one block can be begun. */
const leastSpaceBytes = 128 * 1024 * 1024;

/** How the directory is kept, as far as it decides what can be done there. Nothing to tell of a local one. */
export function placeChecks(subject: Subject): readonly Check[] {
  const { survey } = subject.store;
  if (survey === undefined) return [];
  const check = (name: string, run: () => Promise<Finding | undefined>): Check => ({
    group,
    name,
    needs: [basePathCheck],
    run,
  });
  const here = async (): Promise<string> => (await subject.partition())?.status.path ?? subject.basePath;
  return [
    check('quotas', async () => quotasFinding(await survey.quotas(workspacePath(subject.basePath)))),
    check('snapshots', async () => snapshotsFinding(subject, survey, await here())),
    check('encryption', async () => encryptionFinding(subject, survey, await here())),
    check('erasure coding', async () => erasureCodingFinding(subject, survey, await here())),
    check('storage policy', async () => storagePolicyFinding(survey, await here())),
    check('sticky bit', async () => stickyFinding(survey, subject)),
    check('trash', async () =>
      note(
        'what a run deletes does not go to the trash, since WebHDFS knows none; the originals are kept in ' +
          `${workspacePath(subject.basePath)} for ${counted(subject.settings.safety.backupRetentionDays, 'day')}`,
      ),
    ),
  ];
}

function quotaText({ path, of, limit, used }: Quota): string {
  const free = Math.max(0, limit - used);
  return of === 'names'
    ? `${path}: ${formatCount(free)} of ${formatCount(limit)} names free`
    : `${path}: ${formatSize(free)} of ${formatSize(limit)} ${of === 'space' ? 'space' : `on ${of}`} free`;
}

/** @param report as `Survey.quotas` gives it for the workspace */
export function quotasFinding({
  quotas,
  notAsked,
}: {
  readonly quotas: readonly Quota[];
  readonly notAsked: readonly string[];
}): Finding {
  const unknown = notAsked.length === 0 ? '' : `; not known of ${notAsked.join(', ')}`;
  if (quotas.length === 0) return good(`none${unknown}`);
  const text = `${quotas.map(quotaText).join('; ')}${unknown}`;
  const full = quotas.filter(
    ({ of, limit, used }) => limit - used < (of === 'names' ? namesOfRun : leastSpaceBytes),
  );
  if (full.length > 0) {
    return bad(
      text,
      'raise it (hdfs dfsadmin -setQuota, -setSpaceQuota), or free some: `cleanup` deletes backups past their retention',
    );
  }
  const tight = quotas.some(({ limit, used }) => (limit - used) / limit < 0.1);
  return tight
    ? warning(
        text,
        'a run needs room for the merged files and the backup beside the originals: see --dry-run',
      )
    : good(text);
}

async function snapshotsFinding({ store }: Subject, survey: Survey, directory: string): Promise<Finding> {
  const { snapshottable } = await survey.place(directory);
  if (snapshottable.length === 0) return good('none may be taken');
  const text = snapshottable
    .map(({ path, snapshots }) => `${path} has ${counted(snapshots, 'snapshot')}`)
    .join('; ');
  if (snapshottable.every(({ snapshots }) => snapshots === 0)) return good(text);
  if (!store.abilities.fold) return good(`${text}; they keep what they hold when partitions are renamed`);
  return warning(
    `${text}; files that are in one cannot be joined, and a partition with such files is refused`,
    'consolidate before the snapshot is taken, wait until it has gone, or use --swap rename',
  );
}

async function encryptionFinding(
  { store, basePath }: Subject,
  survey: Survey,
  directory: string,
): Promise<Finding> {
  const [base, here] = [await survey.place(basePath), await survey.place(directory)];
  if (base.encryptionZone === undefined && here.encryptionZone === undefined)
    return good('in no encryption zone');
  if (base.encryptionZone !== here.encryptionZone) {
    return bad(
      `${directory} lies in the zone ${here.encryptionZone ?? '(none)'}, but ${basePath}, where files are staged, in ` +
        `${base.encryptionZone ?? 'none'}: HDFS moves no file between them`,
      'make one zone of the whole dataset (hdfs crypto -createZone)',
    );
  }
  const text = `in the encryption zone ${base.encryptionZone}; staging and backup lie in the same zone`;
  return store.abilities.fold
    ? warning(`${text}; HDFS joins no files there (CONCAT)`, 'use --swap rename')
    : good(text);
}

async function erasureCodingFinding(
  { basePath }: Subject,
  survey: Survey,
  directory: string,
): Promise<Finding> {
  const [{ erasureCoding: base }, { erasureCoding: here }] = [
    await survey.place(basePath),
    await survey.place(directory),
  ];
  const kind = (policy: string | undefined): string => policy ?? 'replicated';
  if (base === here)
    return good(base === undefined ? 'none' : `${base} in the whole dataset; merged files get it too`);
  return warning(
    `${kind(here)} in ${directory}, ${kind(base)} in ${basePath}, where files are staged: HDFS joins only files of one kind ` +
      '(CONCAT), and a new directory would not have the policy',
    'set one policy for the whole dataset (hdfs ec -setPolicy)',
  );
}

async function storagePolicyFinding(survey: Survey, directory: string): Promise<Finding> {
  const { storagePolicy } = await survey.place(directory);
  return good(
    storagePolicy === undefined ? "the store's default" : `${storagePolicy}; merged files get it too`,
  );
}

async function stickyFinding(survey: Survey, { partition }: Subject): Promise<Finding | undefined> {
  const newest = await partition();
  if (newest === undefined || (newest.status.mode & 0o1000) === 0) return undefined;
  const { path, owner } = newest.status;
  const user = await survey.userName();
  if (user === owner || (await survey.isSuperuser()) === true)
    return good(`set on ${path}, which is ${user}'s to change`);
  return warning(
    `set on ${path}: files of others than ${user} are not replaced, and the partition is refused`,
    `run as ${owner}, or take the bit away (hdfs dfs -chmod -t ${path})`,
  );
}
