import { resolve } from 'node:path';
import { baseText } from './base-location.ts';
import { type ChosenValues, chosenValues } from './chosen-values.ts';
import { type GatheredValues, gatherValues, type SettingsInput } from './gather-values.ts';
import { configuredBase } from './hdfs-settings.ts';
import { configPathVariable } from './setting-table.ts';
import type { MetricsSettings, NotifySettings, Settings } from './settings.ts';

/** The section `metrics` of the settings. */
export function metricsSettings({ chosen, dataset }: GatheredValues, values: ChosenValues): MetricsSettings {
  const pushgatewayUrl = values.optionalText('metrics.pushgateway_url');
  const textfile = values.optionalText('metrics.textfile');
  return {
    ...(pushgatewayUrl === undefined ? {} : { pushgatewayUrl }),
    ...(textfile === undefined
      ? {}
      : {
          textfile: resolve(
            chosen.get('metrics.textfile')?.relativeTo ?? '/',
            ofDataset(textfile, dataset?.name),
          ),
        }),
    job: values.text('metrics.job'),
  };
}

/** A file for each dataset: its name comes before the extension. */
function ofDataset(path: string, name: string | undefined): string {
  return name === undefined ? path : path.replace(/(\.[^./]*)?$/, (extension) => `-${name}${extension}`);
}

/** The sections `alerts`, `hooks` and `lineage` of the settings. */
export function notifySettings(values: ChosenValues): NotifySettings {
  const webhookUrl = values.optionalText('alerts.webhook_url');
  const slowAfterSeconds = values.number('alerts.slow_after_seconds');
  const command = values.optionalText('hooks.after_swap_command');
  const url = values.optionalText('hooks.after_swap_url');
  const lineageUrl = values.optionalText('lineage.url');
  const namespace = values.text('lineage.namespace');
  return {
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(slowAfterSeconds === 0 ? {} : { slowAfterMs: slowAfterSeconds * 1000 }),
    afterSwap: {
      ...(command === undefined ? {} : { command }),
      ...(url === undefined ? {} : { url }),
      timeoutMs: values.number('hooks.timeout_seconds') * 1000,
    },
    ...(lineageUrl === undefined ? {} : { lineage: { url: lineageUrl, namespace } }),
  };
}

/** The section `history` of the settings. */
export function historySettings(values: ChosenValues): Settings['history'] {
  const url = values.optionalText('history.url');
  return url === undefined ? {} : { url };
}

/** What is known of where to tell of a run that ended before its settings were complete. */
export interface SalvagedSettings {
  readonly metrics: MetricsSettings;
  readonly notify: NotifySettings;
  readonly title: string;
  readonly mode: Settings['consolidation']['mode'];
  /** As `baseText` has it; absent where the base path is what is wrong. */
  readonly dataset?: string;
}

/** What can be made of settings of which some may be wrong: those that are wrong count as not set. Never rejects. */
export async function salvageSettings(input: SettingsInput): Promise<SalvagedSettings> {
  const gathered = await gatherWhatCanBe(input);
  const values = chosenValues(gathered.chosen);
  const { base } = configuredBase(gathered.chosen, values);
  return {
    metrics: metricsSettings(gathered, values),
    notify: notifySettings(values),
    title: values.text('title'),
    mode: values.text('consolidation.mode') === 'fold' ? 'fold' : 'rewrite',
    ...(base === undefined ? {} : { dataset: baseText(base) }),
  };
}

async function gatherWhatCanBe(input: SettingsInput): Promise<GatheredValues> {
  try {
    return await gatherValues(input);
  } catch {
    // The file cannot be read, or has no such dataset, which is what the run ends with: flags and environment still count.
    const { configPath: _unreadable, dataset: _unknown, ...rest } = input;
    return gatherValues({ ...rest, env: { ...input.env, [configPathVariable]: '' } });
  }
}
