import type { Check } from './check.ts';
import { connectionChecks } from './connection-checks.ts';
import { datasetChecks } from './dataset-checks.ts';
import { localChecks } from './local-checks.ts';
import { placeChecks } from './place-checks.ts';
import type { Subject } from './subject.ts';
import { swapChecks } from './swap-checks.ts';
import { type TrialCourse, trialChecks } from './trial-checks.ts';

/**
 * Every check of a dataset, in the order in which they are made and shown. A new one is a function in a file of its
 * own, and a line here.
 */
export function datasetDoctorChecks(subject: Subject, course: TrialCourse): readonly Check[] {
  return [
    ...connectionChecks(subject),
    ...datasetChecks(subject),
    ...placeChecks(subject),
    ...localChecks(subject),
    ...trialChecks(subject, course),
    ...swapChecks(subject, course),
  ];
}
