import { z } from 'zod';
import {
  before,
  type JsonObject,
  type JsonReader,
  OPEN,
  type PackageAdvisory,
  type ReadContext,
  toAdvisory,
} from './claim.ts';
import { debianEcosystem } from './releases.ts';

const releaseSchema = z.object({
  status: z.string(),
  fixed_version: z.string().max(512).optional(),
  urgency: z.string().optional(),
  nodsa_reason: z.string().optional(),
});
const trackerSchema = z.object({
  source: z.string().min(1).max(300),
  issues: z.record(z.string(), z.object({ releases: z.record(z.string(), releaseSchema) })),
});
type Release = z.infer<typeof releaseSchema>;

/** The Debian security tracker's `data/json`: source package → issue → release. One source package is one record here. */
export const debianTracker: JsonReader = {
  name: 'Debian security tracker',
  matches: (document) => 'debianSource' in document,
  read(document, { scoreOf }) {
    const { source, issues } = trackerSchema.parse({ source: document.debianSource, issues: document.issues });
    const advisories: PackageAdvisory[] = [];
    for (const [issue, { releases }] of Object.entries(issues)) {
      for (const [codename, release] of Object.entries(releases)) {
        const ecosystem = debianEcosystem(codename);
        const events = ecosystem && eventsOf(release);
        if (!ecosystem || !events) continue;
        const words = [release.urgency?.replace(/\*+$/, '')];
        const fixState = stateOf(release);
        advisories.push(
          toAdvisory(
            { record: issue, ids: [issue], ecosystem, name: source, scheme: 'deb', events, words, fixState },
            scoreOf,
          ),
        );
      }
    }
    return { advisories };
  },
};

/** A fix in version 0 says that the release never had it; `undetermined` says nothing. */
function eventsOf({ status, fixed_version }: Release) {
  if (status === 'open') return OPEN;
  return status === 'resolved' && fixed_version && fixed_version !== '0' ? before(fixed_version) : undefined;
}

/** "No DSA" entries: `ignored` will not be fixed, `postponed` may be with a later update. */
function stateOf({ urgency, nodsa_reason }: Release) {
  if (urgency === 'end-of-life') return 'end-of-life' as const;
  return nodsa_reason === 'ignored' ? ('wont-fix' as const) : ('not-fixed' as const);
}

/** The whole document by its source packages. */
export function* trackerRecords(document: JsonObject): Generator<JsonObject> {
  for (const [debianSource, issues] of Object.entries(document)) yield { debianSource, issues };
}

const changelogSchema = z.object({
  source: z.string().min(1),
  version: z.string().min(1),
  distribution: z.string(),
  cves: z.array(z.string()),
});

/** Fixes that the changelogs of a release's packages name; which release, only the file's name tells. */
export const debianChangelogs: JsonReader = {
  name: 'fixes in Debian changelogs',
  matches: (document) => 'distribution' in document && 'cves' in document && 'source' in document,
  read(document, { path, scoreOf }) {
    const { source, version, cves } = changelogSchema.parse(document);
    const release = /debian-(\d+)/i.exec(path)?.[1];
    if (release === undefined) return {};
    return {
      advisories: cves.map((cve) =>
        toAdvisory(
          {
            record: cve,
            ids: [cve],
            ecosystem: `Debian:${release}`,
            name: source,
            scheme: 'deb',
            events: before(version),
          },
          scoreOf,
        ),
      ),
    };
  },
};

const HEAD = /^\[\d\d? \w{3} \d{4}\] (D[SL]A-\d+(?:-\d+)?)\s/;
const FIX = /^\t\[([a-z]+)\] - (\S+) (\S+)/;

/** Whether a text is a list of DSAs or DLAs (`data/DSA/list` of the security tracker). */
export const isDebianList = (line: string): boolean => HEAD.test(line);

/**
 * Reads such a list: an advisory's head, the CVEs in braces, then a line for each release with the version that fixes
 * them, or `<not-affected>`, `<unfixed>`, `<end-of-life>`.
 */
export async function* readDebianList(
  lines: AsyncIterable<string>,
  { scoreOf }: ReadContext,
): AsyncGenerator<readonly PackageAdvisory[]> {
  let record: string | undefined;
  let ids: readonly string[] = [];
  let found: PackageAdvisory[] = [];
  for await (const line of lines) {
    const head = HEAD.exec(line)?.[1];
    if (head !== undefined) {
      if (record !== undefined) yield found;
      [record, ids, found] = [head, [], []];
      continue;
    }
    if (record === undefined) continue;
    const cves = /^\t\{([^}]*)\}/.exec(line)?.[1];
    if (cves !== undefined) ids = cves.split(/\s+/).filter((id) => /^CVE-\d{4}-\d{4,}$/.test(id));
    const [, codename = '', name = '', fixed = ''] = FIX.exec(line) ?? [];
    const ecosystem = debianEcosystem(codename);
    const said = ecosystem && statementOf(fixed);
    if (!ecosystem || !said) continue;
    found.push(toAdvisory({ record, ids: [...ids, record], ecosystem, name, scheme: 'deb', ...said }, scoreOf));
  }
  if (record !== undefined) yield found;
}

function statementOf(fixed: string) {
  if (fixed === '<unfixed>') return { events: OPEN, fixState: 'not-fixed' as const };
  if (fixed === '<end-of-life>') return { events: OPEN, fixState: 'end-of-life' as const };
  return fixed.startsWith('<') ? undefined : { events: before(fixed) };
}
