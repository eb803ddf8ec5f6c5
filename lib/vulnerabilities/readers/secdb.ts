import { parseSecdb, type SecdbDocument } from '../../formats/alpine-secdb/index.ts';
import { AdvisorySourceError } from '../errors.ts';
import { before, isObject, type JsonReader, type PackageAdvisory, type ReadContext, toAdvisory } from './claim.ts';

/** Alpine, Wolfi and Chainguard; collections wrap the document together with where it came from. */
export const secdb: JsonReader = {
  name: 'Alpine security database',
  matches: (document) => 'reponame' in (isObject(document.advisory) ? document.advisory : document),
  read: (document, context) => ({
    advisories: advisoriesOfSecdb(parseSecdb(isObject(document.advisory) ? document.advisory : document), context),
  }),
};

/**
 * What a secdb document says. It rates nothing, so severities are unknown here; another source may know them.
 *
 * @throws AdvisorySourceError `malformed` when it does not tell which distribution it is about
 */
function advisoriesOfSecdb(document: SecdbDocument, { scoreOf }: ReadContext): readonly PackageAdvisory[] {
  const ecosystem = secdbEcosystem(document);
  return document.fixes.map(({ package: name, ids, fixed }) =>
    toAdvisory({ record: ids[0] ?? name, ids, ecosystem, name, scheme: 'apk', events: before(fixed) }, scoreOf),
  );
}

function secdbEcosystem({ release, urlPrefix, repository }: SecdbDocument): string {
  if (release !== undefined) return `Alpine:${release}`;
  if (urlPrefix?.includes('wolfi')) return 'Wolfi';
  if (urlPrefix?.includes('chainguard') || urlPrefix?.includes('cgr.dev')) return 'Chainguard';
  throw new AdvisorySourceError('malformed', `the security database "${repository}" names no release`);
}
