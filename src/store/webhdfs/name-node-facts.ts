import { elementsAt, member, numberAt, textAt } from '../../core/json-fields.ts';
import type { ServerFacts } from '../survey.ts';
import type { WebHdfsClient } from './client.ts';

/**
 * What a NameNode says of itself by its management beans (`NameNodeStatus`, `FSNamesystemState`, `NameNodeInfo`), which
 * also a standby answers. Only small ones are asked: others list every DataNode. Never rejects.
 */
export async function nameNodeFacts(client: WebHdfsClient, origin: string): Promise<ServerFacts> {
  const bean = async (query: string): Promise<unknown> => {
    const json = await client.servlet(origin, `/jmx?${query}`, `ask ${origin} how it is`);
    return elementsAt(json, 'beans')?.[0];
  };
  try {
    const status = await bean('qry=Hadoop:service=NameNode,name=NameNodeStatus');
    const system = await bean('qry=Hadoop:service=NameNode,name=FSNamesystemState');
    const info = await bean('get=Hadoop:service=NameNode,name=NameNodeInfo::SoftwareVersion');
    const state = textAt(status, 'State');
    const version = textAt(info, 'SoftwareVersion');
    const fsState = textAt(system, 'FSState');
    const liveDataNodes = numberAt(system, 'NumLiveDataNodes');
    const remainingBytes = numberAt(system, 'CapacityRemaining');
    const isUntold = [state, version, fsState].every((fact) => fact === undefined);
    return {
      origin,
      ...(state === undefined ? {} : { state }),
      ...(version === undefined ? {} : { version }),
      ...(fsState === undefined ? {} : { isInSafeMode: fsState !== 'Operational' }),
      ...(liveDataNodes === undefined ? {} : { liveDataNodes }),
      ...(remainingBytes === undefined ? {} : { remainingBytes }),
      ...(isUntold || member(status, 'State') === undefined ? { problem: 'it does not tell its state' } : {}),
    };
  } catch (error) {
    return { origin, problem: error instanceof Error ? error.message : String(error) };
  }
}
