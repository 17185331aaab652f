import { exitCodes } from '../../core/exit-codes.ts';
import { notDataByName } from '../../partition/data-names.ts';
import { obstaclesOf } from '../../partition/swap-obstacles.ts';
import { counted } from '../output/numbers.ts';
import { bad, type Check, type Finding, good, warning } from './check.ts';
import { basePathCheck } from './dataset-checks.ts';
import type { Subject } from './subject.ts';
import type { TrialCourse } from './trial-checks.ts';

const group = 'Swap';

/** How a partition would be replaced, and whether the one that was looked at could be. */
export function swapChecks(subject: Subject, course: TrialCourse): readonly Check[] {
  return [
    { group, name: 'way', needs: ['create'], run: async () => wayFinding(subject, course) },
    { group, name: 'partition', needs: [basePathCheck], run: () => partitionFinding(subject) },
  ];
}

function wayFinding({ store }: Subject, { passed }: TrialCourse): Finding {
  if (!store.abilities.fold) {
    return good(
      'two renames of the partition: a reader that lists it at that very moment finds no directory, and never a part of the rows',
    );
  }
  if (passed.has('concat') && passed.has('replace')) {
    return good(
      'CONCAT, then RENAME with OVERWRITE: the partition never goes away, and every listing has each row once',
    );
  }
  const missing = ['concat', 'replace'].filter((step) => !passed.has(step));
  return bad(
    `no way to replace files in one step here: ${missing.join(' and ')} did not work`,
    passed.has('rename')
      ? 'use --swap rename, which takes the partition away for some milliseconds'
      : 'see what was refused above',
  );
}

async function partitionFinding({ store, basePath, partition }: Subject): Promise<Finding | undefined> {
  const newest = await partition();
  if (newest === undefined) return undefined;
  const { path } = newest.status;
  const entries = (await store.list(path)) ?? [];
  const files = entries.filter(({ name, kind }) => notDataByName(name, kind) === undefined);
  const obstacles = await obstaclesOf(store, basePath, path, entries);
  const [first] = obstacles;
  if (first === undefined)
    return good(`nothing is in the way in ${path} (${counted(files.length, 'data file')})`);
  const inTheWay = new Set(obstacles.map((obstacle) => obstacle.path));
  const text = `${first.path} is in the way${inTheWay.size === 1 ? '' : ` (and ${inTheWay.size - 1} more)`}: ${first.reason}`;
  // Where other files are merged, one that is left alone is not in the way.
  const isEverything =
    obstacles.some(({ onlyAsInput }) => onlyAsInput !== true) ||
    files.every((file) => inTheWay.has(file.path));
  return isEverything ? bad(text, undefined, exitCodes.unsupportedInput) : warning(text);
}
