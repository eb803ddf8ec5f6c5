import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { compareVersions } from '../versions/index.ts';

/**
 * Alpine's security database, one document a release and repository: which version of a source package fixes which
 * vulnerabilities. Wolfi and Chainguard publish the same format without a release.
 */
const documentSchema = z.object({
  distroversion: z.string().max(40).nullish(),
  reponame: z.string().min(1).max(100),
  urlprefix: z.string().max(500).nullish(),
  packages: z
    .array(
      z.object({
        pkg: z.object({
          name: z.string().min(1).max(300),
          secfixes: z
            .record(z.string().max(512), z.array(z.string().max(1000)).nullable())
            .nullish()
            .transform((value) => value ?? {}),
        }),
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
});

/** A vulnerability of a source package, fixed in a version: every older one is affected. */
interface SecdbFix {
  readonly package: string;
  readonly fixed: string;
  /** All names of the one vulnerability, as listed together: `CVE-2019-5060 TALOS-2019-0844`. */
  readonly ids: readonly string[];
}

export interface SecdbDocument {
  /** `v3.18`, or absent for a distribution without releases. */
  readonly release: string | undefined;
  readonly repository: string;
  /** Where the packages are published, which tells Wolfi from others. */
  readonly urlPrefix: string | undefined;
  readonly fixes: readonly SecdbFix[];
}

/** @throws LadingError `secdb-invalid` */
export function parseSecdb(value: unknown): SecdbDocument {
  const parsed = documentSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new LadingError(
      'secdb-invalid',
      `the security database is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`,
      { cause: parsed.error },
    );
  }
  const { distroversion, reponame, urlprefix, packages } = parsed.data;
  return {
    release: distroversion ?? undefined,
    repository: reponame,
    urlPrefix: urlprefix ?? undefined,
    fixes: packages.flatMap(({ pkg }) => fixesOf(pkg.name, pkg.secfixes)),
  };
}

function fixesOf(name: string, secfixes: Readonly<Record<string, readonly string[] | null>>): readonly SecdbFix[] {
  const fixes = new Map<string, SecdbFix>();
  for (const [fixed, lines] of Object.entries(secfixes)) {
    // A fix in version 0 says that the package never was affected.
    if (fixed === '0') continue;
    for (const ids of (lines ?? []).flatMap(vulnerabilitiesOf)) {
      const [first] = ids;
      if (first === undefined) continue;
      const known = fixes.get(first);
      const names = [...new Set([...(known?.ids ?? []), ...ids])];
      const newest = known !== undefined && !isNewer(fixed, known.fixed) ? known.fixed : fixed;
      fixes.set(first, { package: name, fixed: newest, ids: names });
    }
  }
  return [...fixes.values()];
}

/** A vulnerability listed twice was fixed for good by the later version. */
const isNewer = (a: string, b: string): boolean => compareVersions('apk', a, b) === 1;

/**
 * The vulnerabilities that a line names, each by all its names. The lists are kept by hand: remarks, `CVE_2019-2426`,
 * `CVE-2017-17434-1` and `CVE-2019-19451.patch` all occur. Two CVE ids in one line are two vulnerabilities; another
 * id beside a single CVE id is another name of it.
 */
function vulnerabilitiesOf(line: string): readonly (readonly string[])[] {
  const cves = new Set<string>();
  const others = new Set<string>();
  for (const word of line.split(/\s+/)) {
    const cve = /^CVE[-_](\d{4})-(\d{4,})/i.exec(word);
    if (cve) cves.add(`CVE-${cve[1]}-${cve[2]}`);
    else if (/^[A-Z][A-Za-z0-9]*-[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(word)) others.add(word);
  }
  if (cves.size > 1) return [...cves].map((cve) => [cve]);
  const names = [...cves, ...others];
  return names.length > 0 ? [names] : [];
}
