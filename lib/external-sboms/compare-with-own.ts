import { draftEvent, type EventDraft, type ImageSubject, sbomDisagreed, sbomReceived } from '../events/index.ts';
import {
  compareSboms,
  isSame,
  type ListedSbom,
  listSbom,
  type PackageName,
  type Sbom,
  type SbomDifference,
} from '../sbom/index.ts';
import type { ExternalSbom } from './model.ts';

const MAX_NAMED = 20;

/** Compares somebody's SBOM with our own of the same image; nothing where they agree. */
export function compareWithOwn(
  subject: ImageSubject,
  own: Sbom,
  other: ExternalSbom,
  listed: ListedSbom,
): readonly EventDraft[] {
  const difference = compareSboms(listSbom(own), listed);
  if (isSame(difference)) return [];
  return [
    draftEvent(sbomDisagreed, {
      subject,
      own: { generator: `${own.generator.name} ${own.generator.version}`, packages: own.packages.length },
      other: describeOther(other),
      same: difference.same,
      onlyOurs: some(difference.removed),
      onlyTheirs: some(difference.added),
      otherVersions: {
        count: difference.changed.length,
        named: difference.changed.slice(0, MAX_NAMED).map(({ type, name, from, to }) => ({
          ...{ type, name: name.slice(0, 300) },
          ours: from.slice(0, 5).map(short),
          theirs: to.slice(0, 5).map(short),
        })),
      },
      unidentified: difference.unidentified,
    }),
  ];
}

export const sbomReceivedDraft = (subject: ImageSubject, other: ExternalSbom): EventDraft =>
  draftEvent(sbomReceived, { subject, sbom: describeOther(other), receivedAt: other.receivedAt });

/**
 * Whether it is a copy of our own, as we attach one to each image: then it is no second opinion. Somebody who says the
 * same in our name harms nothing.
 */
export const isOurs = (difference: SbomDifference, listed: ListedSbom): boolean =>
  listed.tool?.name === 'lading' && isSame(difference);

function describeOther({ document, origin, standing, tool, format, packages, manifest }: ExternalSbom) {
  return {
    ...document,
    format,
    origin,
    standing: standing.kind,
    packages,
    ...(tool ? { tool: `${tool.name}${tool.version ? ` ${tool.version}` : ''}` } : {}),
    ...(manifest ? { manifest } : {}),
  };
}

const short = (text: string): string => text.slice(0, 200);

const some = (packages: readonly PackageName[]) => ({
  count: packages.length,
  named: packages
    .slice(0, MAX_NAMED)
    .map(({ type, name, version }) => ({ type, name: name.slice(0, 300), version: short(version) })),
});
