import { access, constants } from 'node:fs/promises';
import { arch, platform, totalmem } from 'node:os';
import type { Settings } from '../../config/settings.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { formatMb } from '../../core/units.ts';
import { defaultMemoryBytes, leastMemoryBytes } from '../../parquet/memory-limits.ts';
import { bad, type Check, type Finding, good, note, warning } from './check.ts';

const group = 'This machine';

/** Oldest Node.js this program runs on. */
const leastNode: readonly [number, number] = [20, 19];

/** What is needed of the machine, wherever the dataset lies. */
export function machineChecks(version: string, settings: Settings | undefined): readonly Check[] {
  return [
    { group, name: 'program', run: async () => programFinding(version, process.versions.node) },
    {
      group,
      name: 'memory',
      run: async () => memoryFinding(memoryToHave(), settings?.consolidation.memoryBytes),
    },
    { group, name: 'time', run: async () => note(timeText(new Date(), process.env.TZ)) },
    ...(settings === undefined
      ? []
      : [{ group, name: 'temp directory', run: () => tempFinding(settings.consolidation.tempDirectory) }]),
  ];
}

/** @param node its version, as `20.19.0` */
export function programFinding(version: string, node: string): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const text = `parquet-consolidator ${version} on Node.js ${node}, ${platform()} ${arch()}`;
  const isOld = major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]);
  return isOld ? bad(text, `install Node.js ${leastNode.join('.')} or newer`, exitCodes.usage) : good(text);
}

/** What this process may have at most: of a container, or of the machine. */
function memoryToHave(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** @param wantedBytes what the settings allow it to take; absent: the default */
export function memoryFinding(thereBytes: number, wantedBytes = defaultMemoryBytes): Finding {
  const text = `${formatMb(thereBytes)} MB, of which a run takes about ${formatMb(wantedBytes)} MB`;
  if (thereBytes < leastMemoryBytes) {
    return bad(
      text,
      `give the machine or container at least ${formatMb(leastMemoryBytes)} MB`,
      exitCodes.usage,
    );
  }
  if (thereBytes < wantedBytes) {
    return warning(
      text,
      'lower it (consolidation.memory_mb, --memory), or give the machine or container more',
    );
  }
  return good(text);
}

function timeText(now: Date, variable: string | undefined): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const source = variable === undefined || variable === '' ? '' : ` (TZ)`;
  return (
    `${now.toISOString().replace(/\.\d+Z$/, 'Z')}; the machine's time zone is ${zone}${source}; ` +
    'today and yesterday go by UTC unless --time-zone says otherwise'
  );
}

async function tempFinding(path: string): Promise<Finding> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return good(`${path} can be written to`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return note(`${path} is not there; it is made when it is needed`);
    return warning(
      `${path} cannot be written to (${String(code)})`,
      'name another one with consolidation.temp_directory or TEMP_DIRECTORY',
    );
  }
}
