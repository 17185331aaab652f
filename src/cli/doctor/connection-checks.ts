import { StoreError } from '../../core/errors.ts';
import { formatSize } from '../../core/units.ts';
import type { ServerFacts, Survey } from '../../store/survey.ts';
import { counted, formatDuration } from '../output/numbers.ts';
import { bad, type Check, type Finding, good, note, warning } from './check.ts';
import { hadoopFinding } from './hadoop-versions.ts';
import type { Subject } from './subject.ts';

const group = 'Connection';

/** Name of the check that everything else on the store builds on. */
export const reachable = 'reachable';

/** A clock that is off by more makes Kerberos refuse, and people wonder. */
const skewToMindMs = 60_000;

/** Whether the NameNodes answer, which of them is in charge, what they are and whom they take us for. */
export function connectionChecks(subject: Subject): readonly Check[] {
  const { survey } = subject.store;
  const first: Check = {
    group,
    name: reachable,
    async run() {
      await subject.reach();
      isReached = true;
      return good(survey === undefined ? 'on this machine' : `${survey.activeServer()} answers as WebHDFS`);
    },
  };
  if (survey === undefined) return [];
  let asked: Promise<readonly ServerFacts[]> | undefined;
  const servers = (): Promise<readonly ServerFacts[]> => {
    asked ??= survey.servers();
    return asked;
  };
  const needs = [reachable];
  let isReached = false;
  return [
    first,
    {
      group,
      name: 'NameNodes',
      run: async () => nameNodesFinding(await servers(), isReached ? survey.activeServer() : undefined),
    },
    {
      group,
      name: 'version',
      needs,
      run: async () => hadoopFinding(active(await servers(), survey)?.version),
    },
    { group, name: 'authentication', needs, run: () => identityFinding(survey) },
    { group, name: 'user', needs, run: () => userFinding(survey) },
    {
      group,
      name: 'clock',
      needs,
      run: async () => clockFinding((await subject.store.nowMs()) - Date.now()),
    },
    { group, name: 'safe mode', needs, run: async () => safeModeFinding(active(await servers(), survey)) },
    { group, name: 'DataNodes', needs, run: async () => dataNodesFinding(active(await servers(), survey)) },
  ];
}

function active(servers: readonly ServerFacts[], survey: Survey): ServerFacts | undefined {
  return servers.find(({ origin }) => origin === survey.activeServer());
}

function nameNodesFinding(servers: readonly ServerFacts[], answering: string | undefined): Finding {
  const told = servers.map(({ origin, state, problem }) => {
    if (state !== undefined) return `${origin} is ${state}`;
    return origin === answering
      ? `${origin} answers, but does not tell its state`
      : `${origin}: ${problem ?? 'no answer'}`;
  });
  const text = told.join('; ');
  if (servers.some(({ state }) => state === 'active')) {
    return servers.some(({ state }) => state === undefined)
      ? warning(text, 'a failover to that one would fail; look whether it runs')
      : good(text);
  }
  if (servers.every(({ state }) => state === undefined)) return note(text);
  return bad(text, 'none is active: see hdfs haadmin -getAllServiceState');
}

async function identityFinding(survey: Survey): Promise<Finding> {
  const { kind, who, expiresAtMs, detail } = await survey.identity();
  const how = {
    simple: `says it is ${who}, and the cluster believes it`,
    kerberos: `proves to be ${who} by Kerberos`,
    'delegation-token': `proves to be ${who} by a delegation token`,
  }[kind];
  const left = expiresAtMs === undefined ? undefined : expiresAtMs - Date.now();
  const ends =
    left === undefined ? '' : left <= 0 ? '; it has expired' : `; good for another ${formatDuration(left)}`;
  const text = `${how}${ends}${detail === undefined ? '' : `; ${detail}`}`;
  if (left !== undefined && left <= 0) return bad(text, 'get a new ticket (kinit), or name a keytab');
  return good(text);
}

async function userFinding(survey: Survey): Promise<Finding> {
  const name = await survey.userName();
  const isSuperuser = await survey.isSuperuser().catch((error: unknown) => {
    // An unusual answer to an unusual question; who may do what is tried below.
    if (error instanceof StoreError) return undefined;
    throw error;
  });
  return isSuperuser === true
    ? good(`the cluster takes it for ${name}, a superuser: owners of files can be kept`)
    : good(
        `the cluster takes it for ${name}; merged files will belong to ${name}, also where the originals did not`,
      );
}

/** @param aheadMs by how much the store's clock is ahead of ours */
export function clockFinding(aheadMs: number): Finding {
  const off = Math.abs(aheadMs);
  if (off < 2_000) return good("the NameNode's clock and ours agree");
  const text = `the NameNode's clock is ${formatDuration(off)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours; ages go by the NameNode's`;
  return off < skewToMindMs
    ? good(text)
    : warning(text, 'set the clocks (chronyc tracking); Kerberos refuses beyond five minutes');
}

function safeModeFinding(server: ServerFacts | undefined): Finding {
  if (server?.isInSafeMode === undefined) return note('the NameNode does not tell; the trial below shows it');
  return server.isInSafeMode
    ? bad(
        'the NameNode refuses every change',
        'wait until it has left safe mode: hdfs dfsadmin -safemode get',
      )
    : good('off');
}

function dataNodesFinding(server: ServerFacts | undefined): Finding | undefined {
  if (server?.liveDataNodes === undefined) return undefined;
  const { liveDataNodes, remainingBytes } = server;
  const room =
    remainingBytes === undefined ? '' : `, ${formatSize(remainingBytes)} free (all copies counted)`;
  return liveDataNodes === 0
    ? bad('none is alive: no file can be read or written', 'look at hdfs dfsadmin -report')
    : good(`${counted(liveDataNodes, 'DataNode')} alive${room}`);
}
