import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { errorFacts } from '../../telemetry/error-facts.ts';
import { bad, type Check, type CheckResult, type Finding } from './check.ts';

/** What all checks together say. */
export interface Diagnosis {
  readonly results: readonly CheckResult[];
  /** 0 when a run would work, else that of the first bad finding. */
  readonly exitCode: ExitCode;
}

/**
 * Runs the checks one after the other, since later ones build on earlier ones. What needs a check that found something
 * bad, or was not tried itself, is not tried.
 * @param tell is told of every result as soon as it is there
 */
export async function runChecks(
  checks: readonly Check[],
  tell: (result: CheckResult) => void,
): Promise<Diagnosis> {
  const results: CheckResult[] = [];
  /** By the name of a check that found something bad or was not tried: the check that found something bad. */
  const failed = new Map<string, string>();
  let exitCode: ExitCode = exitCodes.ok;
  for (const check of checks) {
    const { group, name, needs = [] } = check;
    const cause = needs.map((need) => failed.get(need)).find((found) => found !== undefined);
    const finding = cause === undefined ? await outcomeOf(check) : notTried(cause);
    if (finding === undefined) continue;
    if (finding.verdict === 'bad' || finding.verdict === 'not-tried') failed.set(name, cause ?? name);
    if (finding.verdict === 'bad' && exitCode === exitCodes.ok) {
      exitCode = finding.exitCode ?? exitCodes.storeUnreachable;
    }
    const { verdict, detail, hint } = finding;
    const result = { group, name, verdict, detail, ...(hint === undefined ? {} : { hint }) };
    results.push(result);
    tell(result);
  }
  return { results, exitCode };
}

type Outcome = Omit<Finding, 'verdict'> & { readonly verdict: CheckResult['verdict'] };

function notTried(cause: string): Outcome {
  return { verdict: 'not-tried', detail: `not tried, because of: ${cause}` };
}

async function outcomeOf(check: Check): Promise<Outcome | undefined> {
  try {
    return await check.run();
  } catch (error) {
    const { message, hint, exitCode } = errorFacts(error);
    return bad(message, hint, exitCode);
  }
}
