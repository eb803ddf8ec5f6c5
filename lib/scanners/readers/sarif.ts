import { z } from 'zod';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import type { ScannerName, VotedFinding } from '../model.ts';
import { digestIn, isText, maybe, type ReportReader, severityOf, severityOfScore, text, toVoted } from './common.ts';

/** SARIF 2.1.0. How a package is told is each tool's own: properties of the rule, a logical location, or the message. */
const rule = z.object({
  id: text,
  shortDescription: z.object({ text: maybe }).nullish(),
  help: z.object({ text: maybe }).nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
});
const result = z.object({
  ruleId: maybe,
  ruleIndex: z.number().nullish(),
  level: maybe,
  message: z.object({ text: maybe }).nullish(),
  suppressions: z.array(z.unknown()).nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
  locations: z
    .array(
      z.object({
        physicalLocation: z.object({ artifactLocation: z.object({ uri: maybe }).nullish() }).nullish(),
        logicalLocations: z.array(z.object({ fullyQualifiedName: maybe })).nullish(),
      }),
    )
    .nullish(),
});
const schema = z.object({
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z.object({
        tool: z.object({
          driver: z.object({
            name: text,
            version: maybe,
            semanticVersion: maybe,
            rules: z.array(rule).max(100_000).nullish(),
          }),
        }),
        results: z.array(result).max(100_000).nullish(),
        properties: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .min(1)
    .max(20),
});
type Run = z.infer<typeof schema>['runs'][number];
type Rule = z.infer<typeof rule>;
type Result = z.infer<typeof result>;

export const readSarif: ReportReader = (value) => {
  const report = schema.safeParse(value).data;
  const [run] = report?.runs ?? [];
  if (!run) return undefined;
  const { driver } = run.tool;
  const name: ScannerName = /^docker[ -]?scout$/i.test(driver.name) ? 'docker-scout' : 'sarif';
  const version = driver.version ?? driver.semanticVersion;
  const properties = new Map(Object.entries(run.properties ?? {}));
  const digest = digestIn(...[...properties.values()].filter((one) => typeof one === 'string'));
  return {
    schemaVersion: 1,
    scanner: { name, label: driver.name.slice(0, 100), ...(isText(version) ? { version } : {}) },
    image: digest ? { digest } : {},
    covers: 'all',
    findings: (report?.runs ?? []).flatMap(findingsOf),
  };
};

function findingsOf({ tool, results }: Run): VotedFinding[] {
  const rules = tool.driver.rules ?? [];
  const byId = new Map(rules.map((one) => [one.id, one]));
  return (results ?? []).flatMap((one) => {
    const own = byId.get(one.ruleId ?? '') ?? rules[one.ruleIndex ?? -1];
    // What its tool suppressed it does not report.
    if ((one.suppressions ?? []).length > 0) return [];
    return toFinding(one, own) ?? [];
  });
}

const list = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string' && one !== '');

function toFinding(one: Result, own: Rule | undefined): VotedFinding | undefined {
  const about = { ...own?.properties, ...one.properties } as Readonly<Record<string, unknown>>;
  const words = `${one.message?.text ?? ''}\n${own?.help?.text ?? ''}`;
  const logical = (one.locations ?? []).flatMap(({ logicalLocations }) => logicalLocations ?? []);
  const purl = [...list(about.purls), ...logical.map(({ fullyQualifiedName }) => fullyQualifiedName)].find(
    (name) => isText(name) && parsePackageUrl(name) !== undefined,
  );
  const parsed = purl ? parsePackageUrl(purl) : undefined;
  const paths = (one.locations ?? []).map(({ physicalLocation }) => physicalLocation?.artifactLocation?.uri);
  const score = Number(about['security-severity'] ?? about.cvssV3);
  const word = list(about.cvssV3_severity)[0] ?? field(words, 'Severity');
  return toVoted({
    ids: [
      one.ruleId ?? own?.id,
      ...words
        .matchAll(/\bCVE-\d{4}-\d{4,}\b/g)
        .map(([id]) => id)
        .take(20),
    ].map((id) => /^CVE-\d{4}-\d{4,}/.exec(id ?? '')?.[0] ?? id),
    name: parsed?.name ?? field(words, 'Package') ?? paths.find(isText) ?? '',
    version: parsed?.version ?? field(words, 'Installed Version'),
    type: parsed?.type,
    purl,
    severity: word === undefined && !Number.isNaN(score) ? severityOfScore(score) : severityOf(word ?? one.level),
    fixed: [
      ...list(about.fixed_version).filter((version) => version !== 'not fixed'),
      ...list(about.fixedVersions),
      field(words, 'Fixed Version'),
    ],
    fixState: list(about.fixed_version).includes('not fixed') ? 'not-fixed' : 'unknown',
    locations: paths,
  });
}

/** `Name: value` or `Name : value` on a line of its own, as several tools write in messages. */
function field(words: string, name: string): string | undefined {
  for (const line of words.split('\n').slice(0, 200)) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name.toLowerCase()) {
      return line.slice(colon + 1).trim() || undefined;
    }
  }
  return undefined;
}
