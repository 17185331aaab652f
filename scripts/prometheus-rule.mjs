// Makes k8s/components/prometheus-rule/rule.yaml, which the Prometheus Operator reads, of the rules that Prometheus itself reads.
// With --print it writes to standard output instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rules = readFileSync(`${root}config/prometheus/parquet-consolidation.rules.yml`, 'utf8');
const groups = rules.slice(rules.indexOf('groups:\n'));
const text = `# Made of config/prometheus/parquet-consolidation.rules.yml by scripts/prometheus-rule.mjs: change it there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: parquet-consolidation
spec:
${groups.replaceAll(/^(?=.)/gm, '  ')}`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(`${root}k8s/components/prometheus-rule/rule.yaml`, text);
