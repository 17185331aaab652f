import { ConfigError } from '../core/errors.ts';
import { isShardPlanName } from '../partition/names.ts';
import type { Shard } from '../pipeline/dates-of-shard.ts';

/** More shards than this are a slip of the pen. */
const maxShards = 10_000;

/**
 * The shard that `--shard` and `--shard-plan` mean: `0/4` is the first of four.
 * @throws ConfigError `bad-shard`
 */
export function parseShard(text: string, planName: string | undefined): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || count < 1 || count > maxShards || index >= count) {
    throw new ConfigError(
      `--shard is "${text}"; allowed: I/N with I from 0 to N-1 and N from 1 to ${maxShards}`,
      {
        code: 'bad-shard',
        hint: '--shard 0/4 is the first of four; in an Indexed Job of Kubernetes: --shard $(JOB_COMPLETION_INDEX)/4',
        dataState: 'nothing was touched',
      },
    );
  }
  if (planName !== undefined && !isShardPlanName(planName)) {
    throw new ConfigError(
      `--shard-plan is "${planName}"; allowed: up to 100 letters, digits, dots, underscores and dashes, beginning with a letter or digit`,
      { code: 'bad-shard', dataState: 'nothing was touched' },
    );
  }
  return { index, count, ...(planName === undefined ? {} : { planName }) };
}
