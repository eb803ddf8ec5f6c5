import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { find, toolsFolder } from '../interop/tools.ts';
import type { BenchCase, BenchContext, BenchRow } from './bench-case.ts';
import { admission } from './cases/admission.ts';
import { advisories } from './cases/advisories.ts';
import { bundles } from './cases/bundles.ts';
import { localStack } from './cases/local-stack.ts';
import { replication } from './cases/replication.ts';
import { retention } from './cases/retention.ts';
import { retentionPreview } from './cases/retention-preview.ts';
import { sbom } from './cases/sbom.ts';
import { sbomLarge } from './cases/sbom-large.ts';
import { sbomWarm } from './cases/sbom-warm.ts';
import { signing } from './cases/signing.ts';
import { transfer } from './cases/transfer.ts';

const cases: readonly BenchCase[] = [
  bundles,
  retention,
  retentionPreview,
  advisories,
  sbom,
  sbomWarm,
  sbomLarge,
  replication,
  transfer,
  localStack,
  signing,
  admission,
];

const help = `usage: npm run bench [-- options] [case …]

Ratios against peers that are on PATH (or in ${toolsFolder()}), measured in one run, by turns.

  --runs N     runs of each measurement, the median counts (default 5)
  --out FILE   also as JSON

Cases: ${cases.map(({ name }) => name).join('; ')}. A case runs when its name contains one of the words given.
LADING_CORPORA=FOLDER with images/ (an OCI layout) adds the measurements on real images.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, out: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}

process.env.PATH = [process.env.PATH, toolsFolder()].join(delimiter);
const layout = process.env.LADING_CORPORA && join(process.env.LADING_CORPORA, 'images');
const images = layout && existsSync(join(layout, 'index.json')) ? layout : undefined;
const peers = ['trivy', 'syft', 'skopeo', 'crane', 'cosign'].filter((name) => !find(name));
console.log(
  `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)} at the start, Node ${process.versions.node}`,
);
if (peers.length > 0) console.log(`absent: ${peers.join(', ')}`);

/** Whether the goal is met; undefined without one. */
function judge({ ours, peer, goal }: BenchRow): boolean | undefined {
  if (!goal) return undefined;
  const value = peer ? ours / peer.value : ours;
  return 'most' in goal ? value <= goal.most : value >= goal.least;
}

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const table = new Table({ head: ['what', 'ours', 'peer', 'ratio', 'goal', ''], style: { head: [], border: [] } });
const report: unknown[] = [];
for (const { name, run } of cases) {
  if (positionals.length > 0 && !positionals.some((word) => name.includes(word))) continue;
  const work = mkdtempSync(join(tmpdir(), 'lading-bench-'));
  const context: BenchContext = {
    work,
    images,
    runs: Number(values.runs),
    has: (program) => find(program) !== undefined,
    note: (text) => console.log(`${name}: ${text}`),
  };
  process.stderr.write(`${name} …\n`);
  try {
    const rows = await run(context);
    for (const row of rows) {
      const { what, ours, unit, peer, goal } = row;
      const ratio = peer ? ours / peer.value : undefined;
      const met = judge(row);
      report.push({ case: name, ...row, ...(ratio === undefined ? {} : { ratio }), met });
      table.push([
        `${name}: ${what}`,
        `${number(ours)} ${unit}`,
        peer ? `${peer.name} ${number(peer.value)} ${unit}` : '',
        ratio === undefined ? '' : number(ratio),
        goal ? ('most' in goal ? `≤ ${goal.most}` : `≥ ${goal.least}`) : '',
        met === undefined ? '' : met ? 'met' : 'NOT MET',
      ]);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
console.log(table.toString());
if (values.out)
  writeFileSync(values.out, `${JSON.stringify({ node: process.versions.node, rows: report }, null, 2)}\n`);
