import { digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { compareVersions, schemeOf } from '../formats/versions/index.ts';
import type { Finding } from '../vulnerabilities/index.ts';
import { findBase, newerBases } from './find-base.ts';
import { type Change, type PlanImage, type RemediationPlan, weights } from './model.ts';

/** Package types that a build installs anew from the distribution. */
const distributionTypes: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk', 'alpm']);

/**
 * The smallest change of an image that clears the most of its findings: a rebuild, a newer base, upgrades of its own
 * packages, or both; of those that clear as much, the cheapest. Pure; the order of the known images changes nothing.
 *
 * `undefined` where no change is known that clears anything, or the image would hold the same packages after it.
 */
export function planRemediation(image: PlanImage, known: readonly PlanImage[]): RemediationPlan | undefined {
  const base = findBase(image, known);
  const options = [
    ...candidates(image, base, undefined),
    ...(base ? newerBases(base, known).flatMap((newer) => candidates(image, base, newer)) : []),
  ];
  return options
    .filter(({ cleared, worth }) => cleared.length > 0 && worth > 0)
    .toSorted((a, b) => b.worth - a.worth || a.cost - b.cost || (a.cause < b.cause ? -1 : 1))[0];
}

/** What can be done with the base as it is, or with a newer one: with and without upgrades of the image's own packages. */
function candidates(image: PlanImage, base: PlanImage | undefined, newer: PlanImage | undefined): RemediationPlan[] {
  const inBase = new Set(base?.layers);
  const own = image.findings.filter(({ layer }) => layer === undefined || !inBase.has(layer));
  const mended = new Set<Finding>(newer ? clearedByBase(image, inBase, newer) : []);
  // Whatever is built again gets the distribution's updates, unless the base brought it.
  const byRebuild = own.filter(isDistributionFix);
  const upgrades = upgradesFor(own.filter((finding) => !isDistributionFix(finding)));
  const introduced = newer && base ? introducedBy(base, newer) : [];
  const before: Change[] =
    newer && base ? [{ kind: 'newer-base', from: base.digest, to: newer.digest, name: nameOf(image, base) }] : [];
  // A base that holds the same packages changes nothing by itself.
  if (newer && (mended.size === 0 || (base?.contents !== undefined && base.contents === newer.contents))) return [];
  const rebuilt = toPlan(
    image,
    [...before, ...(newer ? [] : [{ kind: 'rebuild' } as const])],
    [...mended, ...byRebuild],
    introduced,
  );
  if (upgrades.changes.length === 0) return [rebuilt];
  const both = toPlan(
    image,
    [...before, ...upgrades.changes],
    [...mended, ...byRebuild, ...upgrades.cleared],
    introduced,
  );
  return [rebuilt, both];
}

const isDistributionFix = ({ package: { type }, fixedVersions }: Finding): boolean =>
  distributionTypes.has(type) && fixedVersions.length > 0;

/** Findings in the base's layers that the newer base does not have. */
function clearedByBase(image: PlanImage, inBase: ReadonlySet<string>, newer: PlanImage): readonly Finding[] {
  const still = new Set(newer.findings.flatMap(namesOf));
  return image.findings.filter(
    (finding) =>
      finding.layer !== undefined && inBase.has(finding.layer) && !namesOf(finding).some((name) => still.has(name)),
  );
}

function introducedBy(base: PlanImage, newer: PlanImage): readonly Finding[] {
  const known = new Set(base.findings.flatMap(namesOf));
  return newer.findings.filter((finding) => !namesOf(finding).some((name) => known.has(name)));
}

const namesOf = ({ id, aliases, package: { type, name } }: Finding): string[] =>
  [id, ...aliases].map((one) => JSON.stringify([one, type, name]));

/** For each package the lowest version that mends all of its findings that can be mended. */
function upgradesFor(findings: readonly Finding[]): {
  readonly changes: readonly Change[];
  readonly cleared: readonly Finding[];
} {
  const byPackage = new Map<string, Finding[]>();
  for (const finding of findings.filter(({ fixedVersions }) => fixedVersions.length > 0)) {
    const key = JSON.stringify([finding.package.type, finding.package.name, finding.package.version]);
    byPackage.set(key, [...(byPackage.get(key) ?? []), finding]);
  }
  const changes: Change[] = [];
  const cleared: Finding[] = [];
  for (const [, own] of [...byPackage].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [{ package: pkg }] = own as [Finding];
    // Versions are listed in ascending order; the first is the nearest.
    const to = highest(
      pkg.type,
      own.map(({ fixedVersions }) => fixedVersions[0] as string),
    );
    changes.push({ kind: 'upgrade-package', type: pkg.type, name: pkg.name, from: pkg.version, to });
    cleared.push(...own);
  }
  return { changes, cleared };
}

const ecosystemOf: Readonly<Record<string, string>> = {
  npm: 'npm',
  pypi: 'PyPI',
  maven: 'Maven',
  golang: 'Go',
  gem: 'RubyGems',
  composer: 'Packagist',
  cargo: 'crates.io',
  nuget: 'NuGet',
  hex: 'Hex',
  pub: 'Pub',
};

function highest(type: string, versions: readonly string[]): string {
  const scheme = Object.hasOwn(ecosystemOf, type) ? schemeOf(ecosystemOf[type] as string) : undefined;
  return versions.reduce((most, version) => {
    const order = scheme === undefined ? undefined : compareVersions(scheme, version, most);
    const isHigher = typeof order === 'number' ? order > 0 : version > most;
    return isHigher ? version : most;
  });
}

/** As the image names its base, else where the base is. */
const nameOf = (image: PlanImage, base: PlanImage): string => image.baseName ?? `${base.registry}/${base.repository}`;

function toPlan(
  image: PlanImage,
  changes: readonly Change[],
  cleared: readonly Finding[],
  introduced: readonly Finding[],
): RemediationPlan {
  const worthOf = (findings: readonly Finding[]): number =>
    findings.reduce((sum, { severity }) => sum + weights[severity], 0);
  const { registry, repository, key } = image;
  return {
    image: key,
    changes,
    cleared: labels(cleared),
    introduced: labels(introduced),
    left: image.findings.length - new Set(cleared).size,
    worth: round(worthOf([...new Set(cleared)]) - worthOf(introduced)),
    cost: 1 + changes.filter(({ kind }) => kind !== 'rebuild').length,
    // A rebuild has the findings for its cause: new ones are a reason to build again.
    cause: digestOf(
      canonicalJson([
        registry,
        repository,
        changes,
        changes.some(({ kind }) => kind === 'rebuild') ? labels(cleared) : [],
      ]),
    ),
  };
}

/** Weights have one decimal; sums of them should have no more. */
const round = (value: number): number => Math.round(value * 10) / 10;

const labels = (findings: readonly Finding[]): readonly string[] =>
  [...new Set(findings.map(({ id, package: { name } }) => `${id} ${name}`))].sort();
