import { StoreError } from '../../core/errors.ts';
import type { QuotaReport, Survey } from '../survey.ts';
import type { WebHdfsClient } from './client.ts';
import type { Looks } from './look.ts';
import { nameNodeFacts } from './name-node-facts.ts';
import { remotePlace } from './place.ts';
import type { ServerDefaults } from './server-defaults.ts';
import { storedChecksum } from './verify-upload.ts';
import type { WhoAsks } from './who-asks.ts';

/** What is asked besides the client. */
export interface SurveyParts {
  readonly looks: Looks;
  readonly who: WhoAsks;
  readonly quotas: (directory: string) => Promise<QuotaReport>;
  readonly defaults: () => Promise<ServerDefaults>;
}

/** {@link Survey} of an HDFS. */
export function remoteSurvey(client: WebHdfsClient, { looks, who, quotas, defaults }: SurveyParts): Survey {
  return {
    servers: () => Promise.all(client.nameNodes().map((origin) => nameNodeFacts(client, origin))),
    activeServer: () => client.activeNameNode(),
    identity: () => client.authentication.describe(),
    userName: who.userName,
    isSuperuser: who.isSuperuser,
    async mayAccess(path, access) {
      try {
        await client.json({
          method: 'GET',
          operation: 'CHECKACCESS',
          path,
          parameters: { fsaction: access },
          isAnsweredByNothing: true,
          op: 'stat',
          attempt: `ask whether ${client.uri}${path} may be used`,
        });
        return true;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        if (error.code === 'permission-denied') return false;
        // A gateway may not pass the question on.
        if (error.code === 'not-supported' || error.code === 'not-webhdfs') return undefined;
        throw error;
      }
    },
    quotas,
    async usualPlacement() {
      const { blockSizeBytes, replication } = await defaults();
      return replication === undefined ? undefined : { blockSizeBytes, replication };
    },
    place: (directory) => remotePlace(client, looks, directory),
    checksumAlgorithm: async (path) => (await storedChecksum(client, path))?.algorithm,
  };
}
