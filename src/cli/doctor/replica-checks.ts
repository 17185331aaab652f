import { baseText } from '../../config/base-location.ts';
import type { Settings } from '../../config/settings.ts';
import { errorFacts } from '../../telemetry/error-facts.ts';
import type { CliEnvironment } from '../environment.ts';
import { openReplica } from '../replica.ts';
import { type Check, type Finding, good, warning } from './check.ts';

const hint = 'a run works without it, and later ones copy what is missing: replica.uri, --replicate-to';

/** Whether the place answers that merged files are copied to. It is not needed for a run to work. */
export function replicaChecks(
  settings: Settings,
  environment: Pick<CliEnvironment, 'atEnd' | 'loads'>,
): readonly Check[] {
  const { replica } = settings;
  if (replica === undefined) return [];
  const shown = baseText(replica);
  const run = async (): Promise<Finding> => {
    try {
      const { store, basePath, reach } = await openReplica(settings, replica, environment);
      await reach();
      const found = await store.stat(basePath);
      if (found?.kind === 'directory') return good(`${shown} is there`);
      return warning(
        `${shown} ${found === undefined ? 'does not exist' : 'is no directory'}`,
        `make it; ${hint}`,
      );
    } catch (error) {
      return warning(errorFacts(error).message, hint);
    }
  };
  return [{ group: 'Reporting', name: 'replica', run }];
}
