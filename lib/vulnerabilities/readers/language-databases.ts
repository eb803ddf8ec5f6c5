import { basename } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import {
  comparison,
  composerConstraints,
  gemRequirement,
  type Interval,
  intervalsOf,
  npmRange,
  ordered,
  toEvents,
} from '../../formats/version-ranges/index.ts';
import {
  type Claim,
  isObject,
  type JsonObject,
  type JsonReader,
  type ReadContext,
  type RecordRead,
  toAdvisory,
} from './claim.ts';

/** Collections wrap the advisory together with the path that it has at its publisher's. */
const advisoryOf = (document: JsonObject): JsonObject => (isObject(document.advisory) ? document.advisory : document);
const placeOf = (document: JsonObject, { path }: ReadContext): string =>
  typeof document.path === 'string' ? document.path : path;

const one = (claim: Claim, { scoreOf }: ReadContext): RecordRead => ({ advisories: [toAdvisory(claim, scoreOf)] });

function rangeOrThrow(record: string, intervals: readonly Interval[] | undefined): readonly Interval[] {
  if (intervals !== undefined) return intervals;
  throw new LadingError('advisory-range', `the range of ${record} cannot be read`);
}

const texts = z
  .array(z.coerce.string())
  .nullish()
  .transform((items) => items ?? []);
const id = z.union([z.string(), z.number()]).nullish();
const score = z.coerce.number().nullish().catch(undefined);

const rubySchema = z.object({
  gem: z.string().min(1),
  cve: id,
  ghsa: id,
  osvdb: id,
  cvss_v2: score,
  cvss_v3: score,
  cvss_v4: score,
  patched_versions: texts,
  unaffected_versions: texts,
});

/** ruby-advisory-db: what is neither patched nor unaffected is affected. Rubies themselves are no gems. */
export const rubyAdvisories: JsonReader = {
  name: 'ruby-advisory-db',
  matches: (document) => {
    const advisory = advisoryOf(document);
    const subject = 'gem' in advisory || 'engine' in advisory;
    return subject && ('title' in advisory || 'patched_versions' in advisory);
  },
  read(document, context) {
    if (!('gem' in advisoryOf(document))) return {};
    const advisory = rubySchema.parse(advisoryOf(document));
    const place = placeOf(document, context);
    const record = `${advisory.gem}/${basename(place).replace(/\.ya?ml$/, '')}`;
    const { union, complement } = intervalsOf('rubygems');
    const safe = [...advisory.patched_versions, ...advisory.unaffected_versions].map(gemRequirement);
    const affected = safe.includes(undefined)
      ? undefined
      : ordered(() => complement(union(safe.flatMap((intervals) => intervals ?? []))));
    return one(
      {
        record,
        ids: [
          ...named('CVE-', advisory.cve),
          ...named('GHSA-', advisory.ghsa),
          ...(advisory.cve || advisory.ghsa ? [] : named('OSVDB-', advisory.osvdb)),
        ],
        ecosystem: 'RubyGems',
        name: advisory.gem,
        scheme: 'rubygems',
        events: toEvents(rangeOrThrow(record, affected)),
        score: scoreIn(advisory),
      },
      context,
    );
  },
};

const named = (prefix: string, value: string | number | null | undefined): readonly string[] =>
  value === null || value === undefined || value === '' ? [] : [`${prefix}${String(value).replace(prefix, '')}`];

function scoreIn({ cvss_v2, cvss_v3, cvss_v4 }: z.infer<typeof rubySchema>): Claim['score'] {
  if (cvss_v4) return { value: cvss_v4, version: 4 };
  if (cvss_v3) return { value: cvss_v3, version: 3 };
  return cvss_v2 ? { value: cvss_v2, version: 2 } : undefined;
}

const phpSchema = z.object({
  title: z.string(),
  cve: z.string().nullish(),
  reference: z.string().regex(/^composer:\/\/[^/]+\/.+$/),
  branches: z.record(z.string(), z.object({ versions: z.union([z.array(z.coerce.string()), z.string()]) })),
});

/** FriendsOfPHP/security-advisories: the constraints of a branch all hold, and any branch will do. */
export const phpAdvisories: JsonReader = {
  name: 'FriendsOfPHP',
  matches: (document) => 'branches' in advisoryOf(document) && 'reference' in advisoryOf(document),
  read(document, context) {
    const { cve, reference, branches } = phpSchema.parse(advisoryOf(document));
    const record = placeOf(document, context).replace(/\.ya?ml$/, '');
    const { union } = intervalsOf('packagist');
    const parts = Object.values(branches).map(({ versions }) => composerConstraints([versions].flat()));
    const affected = parts.includes(undefined)
      ? undefined
      : ordered(() => union(parts.flatMap((intervals) => intervals ?? [])));
    return one(
      {
        record,
        ids: cve && /^CVE-/.test(cve) ? [cve] : [],
        ecosystem: 'Packagist',
        name: reference.slice('composer://'.length),
        scheme: 'packagist',
        events: toEvents(rangeOrThrow(record, affected)),
      },
      context,
    );
  },
};

const auditSchema = z.object({
  id: id,
  module_name: z.string().optional(),
  name: z.string().optional(),
  vulnerable_versions: z.string().optional(),
  range: z.string().optional(),
  cves: texts,
  severity: z.string().nullish(),
  github_advisory_id: z.string().nullish(),
  url: z.string().nullish(),
  cvss_vector: z.string().nullish(),
  cvss_score: score,
  cvss: z.object({ vectorString: z.string().nullish() }).nullish().catch(undefined),
  updated: z.string().nullish(),
});

/** Advisories in answers of `npm audit`, old and new, and those of the Node.js working group, which have the old form. */
export const npmAdvisories: JsonReader = {
  name: 'npm advisories',
  matches: (document) => {
    const advisory = advisoryOf(document);
    return (
      ('module_name' in advisory && 'vulnerable_versions' in advisory) ||
      ('range' in advisory && 'name' in advisory && 'severity' in advisory)
    );
  },
  read(document, context) {
    const advisory = auditSchema.parse(advisoryOf(document));
    const name = advisory.module_name ?? advisory.name ?? String(document.package);
    const ghsa = advisory.github_advisory_id ?? /GHSA(?:-[0-9a-z]{4}){3}/.exec(advisory.url ?? '')?.[0];
    const record = ghsa ?? `${'path' in document ? 'NSWG-ECO' : 'npm'}-${advisory.id ?? name}`;
    return one(
      {
        record,
        ids: [...advisory.cves.filter((text) => /^CVE-\d{4}-\d{4,}$/.test(text)), ...(ghsa ? [ghsa] : [])],
        ecosystem: 'npm',
        name,
        scheme: 'semver',
        events: toEvents(rangeOrThrow(record, npmRange(advisory.vulnerable_versions ?? advisory.range ?? ''))),
        vectors: [advisory.cvss_vector, advisory.cvss?.vectorString].flatMap((vector) => vector ?? []),
        words: [advisory.severity],
        ...(advisory.cvss_score ? { score: { value: advisory.cvss_score, version: 3 } } : {}),
      },
      context,
    );
  },
};

const coreSchema = z.object({
  cve: texts,
  vulnerable: z.string(),
  patched: z.string().nullish(),
  severity: z.string().nullish(),
});

/** The Node.js working group on Node.js itself: affected release lines, and the versions of each that are mended. */
export const nodeCoreAdvisories: JsonReader = {
  name: 'Node.js core',
  matches: (document) => 'vulnerable' in advisoryOf(document) && 'cve' in advisoryOf(document),
  read(document, context) {
    const { cve, vulnerable, patched, severity } = coreSchema.parse(advisoryOf(document));
    const record = `NSWG-COR-${basename(placeOf(document, context), '.json')}`;
    const { complement, intersect } = intervalsOf('semver');
    const lines = npmRange(vulnerable);
    const mended = patched ? npmRange(patched) : [];
    const affected = lines && mended && ordered(() => intersect(lines, complement(mended)));
    return one(
      {
        record,
        ids: cve.filter((text) => /^CVE-\d{4}-\d{4,}$/.test(text)),
        ecosystem: 'generic',
        name: 'node',
        scheme: 'semver',
        events: toEvents(rangeOrThrow(record, affected)),
        words: [severity],
      },
      context,
    );
  },
};

const retireSchema = z.object({
  library: z.string().min(1),
  entry: z.object({
    npmname: z.string().optional(),
    vulnerabilities: z.array(
      z.object({
        below: z.string().optional(),
        atOrAbove: z.string().optional(),
        excludes: texts,
        severity: z.string().optional(),
        identifiers: z.object({
          CVE: texts,
          githubID: z.string().optional(),
          retid: id,
          summary: z.string().optional(),
        }),
      }),
    ),
  }),
});

/** retire.js: scripts by the name of the library. Only those that name their npm package are about a package. */
export const retireJs: JsonReader = {
  name: 'retire.js',
  matches: (document) => 'library' in document && isObject(document.entry),
  read(document, { scoreOf }) {
    const { library, entry } = retireSchema.parse(document);
    if (entry.npmname === undefined) return {};
    const name = entry.npmname;
    return {
      advisories: entry.vulnerabilities.map(({ below, atOrAbove, excludes, severity, identifiers }, i) => {
        const { CVE, githubID, retid } = identifiers;
        const record = githubID ?? CVE.find((text) => /^CVE-\d/.test(text)) ?? `retire:${library}:${retid ?? i + 1}`;
        const { intersect } = intervalsOf('semver');
        const bounds = [
          ...(atOrAbove === undefined ? [] : [comparison('>=', atOrAbove)]),
          ...(below === undefined ? [] : [comparison('<', below)]),
          ...excludes.map((version) => comparison('!=', version)),
        ];
        const affected = ordered(() =>
          bounds.reduce<readonly Interval[]>((left, right) => intersect(left, right ?? []), [{}]),
        );
        return toAdvisory(
          {
            record,
            ids: [...CVE.filter((text) => /^CVE-\d{4}-\d{4,}$/.test(text)), ...(githubID ? [githubID] : [])],
            ...{ ecosystem: 'npm', name, scheme: 'semver' as const },
            events: affected ? toEvents(affected) : [...boundsAsWritten(atOrAbove, below)],
            words: [severity],
          },
          scoreOf,
        );
      }),
    };
  },
};

/** A bound that semver cannot order (`1.9.0b1`) makes the range undecided for every version, and says so. */
function* boundsAsWritten(
  from: string | undefined,
  to: string | undefined,
): Generator<readonly ['introduced' | 'fixed', string]> {
  yield ['introduced', from ?? '0'];
  if (to !== undefined) yield ['fixed', to];
}

/** The published file: library → entry. */
export function* retireRecords(document: JsonObject): Generator<JsonObject> {
  for (const [library, entry] of Object.entries(document)) yield { library, entry };
}
