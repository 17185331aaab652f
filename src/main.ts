#!/usr/bin/env node
import { run } from './cli/run.ts';

// Not process.exit: what was written to a pipe must be able to drain.
process.exitCode = await run(process.argv.slice(2));
