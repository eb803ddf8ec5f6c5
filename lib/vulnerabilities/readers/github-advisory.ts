import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { JsonReader } from './claim.ts';
import { osv } from './osv.ts';

const vectors = z.object({ vector_string: z.string().nullish() }).nullish();
const schema = z.object({
  ghsa_id: z.string().regex(/^GHSA(?:-[0-9a-z]{4}){3}$/),
  cve_id: z.string().nullish(),
  severity: z.string().nullish(),
  updated_at: z.string(),
  withdrawn_at: z.string().nullish(),
  cvss: vectors,
  cvss_severities: z.object({ cvss_v3: vectors, cvss_v4: vectors }).partial().nullish(),
  vulnerabilities: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string(), name: z.string().nullish() }).nullish(),
        vulnerable_version_range: z.string().nullish(),
        first_patched_version: z.union([z.string(), z.object({ identifier: z.string() })]).nullish(),
        vulnerable_functions: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
});
type Vulnerability = NonNullable<z.infer<typeof schema>['vulnerabilities']>[number];

/** As the API names them ("package.ecosystem"), and as OSV does. */
const ECOSYSTEMS: ReadonlyMap<string, string> = new Map([
  ['actions', 'GitHub Actions'],
  ['composer', 'Packagist'],
  ['erlang', 'Hex'],
  ['go', 'Go'],
  ['maven', 'Maven'],
  ['npm', 'npm'],
  ['nuget', 'NuGet'],
  ['pip', 'PyPI'],
  ['pub', 'Pub'],
  ['rubygems', 'RubyGems'],
  ['rust', 'crates.io'],
  ['swift', 'SwiftURL'],
]);

/**
 * GitHub's REST API, "global security advisories": brought into the form of OSV, in which GitHub's own repository gives the
 * same records.
 */
export const githubAdvisory: JsonReader = {
  name: 'GitHub advisory',
  matches: (document) => 'ghsa_id' in document && 'vulnerabilities' in document,
  read(document, context) {
    const advisory = schema.parse(document);
    const { cvss, cvss_severities: all, cve_id: cve, withdrawn_at: withdrawn } = advisory;
    const severity = [
      ...listed('CVSS_V4', all?.cvss_v4?.vector_string),
      ...listed('CVSS_V3', all?.cvss_v3?.vector_string ?? cvss?.vector_string),
    ];
    return osv.read(
      {
        id: advisory.ghsa_id,
        modified: advisory.updated_at,
        aliases: cve ? [cve] : [],
        ...(withdrawn ? { withdrawn } : {}),
        severity,
        affected: (advisory.vulnerabilities ?? []).flatMap((one) => affectedOf(advisory.ghsa_id, one)),
        database_specific: { severity: advisory.severity ?? undefined },
      },
      context,
    );
  },
};

const listed = (type: string, score: string | null | undefined) => (score ? [{ type, score }] : []);

function affectedOf(record: string, { package: of, ...vulnerability }: Vulnerability) {
  const ecosystem = ECOSYSTEMS.get(of?.ecosystem.toLowerCase() ?? '');
  if (!ecosystem || !of?.name) return [];
  const functions = vulnerability.vulnerable_functions ?? [];
  return [
    {
      package: { ecosystem, name: of.name },
      ...rangeOf(record, vulnerability),
      ...(functions.length > 0 ? { ecosystem_specific: { affects: { functions } } } : {}),
    },
  ];
}

/** `= 0.2.0`, `<= 1.0.8`, `< 0.1.11`, `>= 4.3.0, < 4.3.5`: as the API documents the syntax. */
const BOUND = /^(<=|<|>=|>|=)\s*(\S+)$/;

function rangeOf(record: string, { vulnerable_version_range: text, first_patched_version: patch }: Vulnerability) {
  const patched = typeof patch === 'string' ? patch : patch?.identifier;
  const events: Record<string, string>[] = [];
  const versions: string[] = [];
  for (const part of (text ?? '').split(',').map((one) => one.trim())) {
    const [, operator, version] = BOUND.exec(part) ?? [];
    if (version === undefined) throw new LadingError('advisory-range', `the range of ${record} cannot be read`);
    if (operator === '=') versions.push(version);
    // Its own export to OSV, which has no exclusive beginning, writes the same.
    else if (operator === '>=' || operator === '>') events.push({ introduced: version });
    else if (operator === '<') events.push({ fixed: version });
    else events.push(patched === undefined ? { last_affected: version } : { fixed: patched });
  }
  if (versions.length > 0) return { versions };
  if (!events.some((event) => 'introduced' in event)) events.unshift({ introduced: '0' });
  return { ranges: [{ type: 'ECOSYSTEM', events }] };
}
