import { baseText } from '../../config/base-location.ts';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../core/errors.ts';

/** Says why files cannot be made one without moving data where the settings ask for it. */
export function noFold(settings: Settings): ConfigError {
  if (settings.base.kind === 'hdfs') {
    return new ConfigError(
      `${settings.sources['consolidation.mode']} is fold and ${settings.sources['consolidation.swap']} is rename, which exclude ` +
        'each other: folding is what takes the place of the renames',
      {
        code: 'fold-or-rename',
        hint: 'Leave one of --mode fold and --swap rename away.',
        dataState: 'nothing was touched',
      },
    );
  }
  return new ConfigError(
    `${settings.sources['consolidation.mode']} is fold, but ${baseText(settings.base)} is a directory of this machine: ` +
      'only HDFS can make one file of many without moving their bytes',
    {
      code: 'fold-needs-hdfs',
      hint: 'Leave --mode away to merge and encode anew, or name a dataset on HDFS: --base-path hdfs://host:8020/path',
      dataState: 'nothing was touched',
    },
  );
}
