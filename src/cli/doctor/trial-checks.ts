import { workspacePath } from '../../partition/names.ts';
import { beginTrial, type Trial } from '../../swap/trial/begin-trial.ts';
import { trialSteps } from '../../swap/trial/trial-steps.ts';
import { bad, type Check, good, note } from './check.ts';
import { basePathCheck } from './dataset-checks.ts';
import type { Subject } from './subject.ts';

/** Where the trial is, and which of its steps went well. */
export interface TrialCourse {
  readonly passed: Set<string>;
  trial: Trial | undefined;
}

/** A course that has not begun. */
export function newCourse(): TrialCourse {
  return { passed: new Set(), trial: undefined };
}

const workspaceCheck = 'workspace';

/** Does in the workspace, on files of no worth, what a run does with files, and takes all of it away again. */
export function trialChecks(subject: Subject, course: TrialCourse): readonly Check[] {
  const { store, basePath, log } = subject;
  const group = `Trial in ${subject.shownPath(workspacePath(basePath))}`;
  const files = (): Trial['files'] => {
    if (course.trial === undefined) throw new Error('the trial has not begun');
    return course.trial.files;
  };
  // The paths are made anew by each step, once the trial has begun.
  const steps = trialSteps(store, {
    path: (name) => files().path(name),
    write: (name, text) => files().write(name, text),
    expect: (name) => files().expect(name),
    expectText: (name, text) => files().expectText(name, text),
    expectNothing: (name) => files().expectNothing(name),
  });
  return [
    {
      group,
      name: workspaceCheck,
      needs: [basePathCheck],
      async run() {
        course.trial = await beginTrial(store, basePath, log);
        return good('it belongs to the user alone (mode 700)');
      },
    },
    ...steps.map(
      ({ name, needs, attempt }): Check => ({
        group,
        name,
        needs: [workspaceCheck, ...needs],
        async run() {
          const seen = await attempt();
          course.passed.add(name);
          return good(seen);
        },
      }),
    ),
    {
      group,
      name: 'checksum',
      needs: [workspaceCheck, 'create'],
      async run() {
        const { survey } = store;
        if (survey === undefined) return undefined;
        const { path, keptAs } = await files().write('sum', 'checksum');
        if (keptAs !== undefined) {
          return note(
            `files are ${keptAs}: what is written is read back whole to compare it, which takes longer`,
          );
        }
        const algorithm = await survey.checksumAlgorithm(path);
        if (/^MD5-of-\d+MD5-of-\d+CRC32C?$/.test(algorithm ?? '')) {
          return good(`${algorithm}, which is computed here too: nothing is read back to compare it`);
        }
        return note(
          `${algorithm ?? 'none is told'}: what is written is read back whole to compare it, which takes longer`,
        );
      },
    },
    {
      group,
      name: 'delete',
      needs: [workspaceCheck],
      async run() {
        const { trial } = course;
        if (trial === undefined) return undefined;
        course.trial = undefined;
        await trial.end();
        if ((await store.stat(trial.directory)) !== undefined) {
          return bad(`${trial.directory} is still there although it was deleted`);
        }
        return good('everything that was made is gone again');
      },
    },
  ];
}
