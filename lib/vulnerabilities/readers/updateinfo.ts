import { readXml } from '../../formats/xml/index.ts';
import { isCve } from '../vulnerability-ids.ts';
import { before, type Claim, type PackageAdvisory, type ReadContext, toAdvisory } from './claim.ts';

interface Update {
  id: string;
  severity: string;
  collection: string;
  module: string | undefined;
  readonly cves: string[];
  readonly packages: Map<string, { readonly name: string; readonly evr: string; readonly module: string | undefined }>;
}

/** `updateinfo.xml` of a repository (Amazon Linux, Rocky, Alma, Oracle, Fedora): each update lists the packages that mend. */
export async function* readUpdateinfo(
  chunks: AsyncIterable<string>,
  { path, scoreOf }: ReadContext,
): AsyncGenerator<readonly PackageAdvisory[]> {
  const done: (readonly PackageAdvisory[])[] = [];
  let update: Update | undefined;
  await readXml(chunks, {
    open({ name, attributes }) {
      const text = (key: string): string => attributes.get(key) ?? '';
      if (name === 'update')
        update = { id: '', severity: '', collection: '', module: undefined, cves: [], packages: new Map() };
      else if (!update) return;
      else if (name === 'reference' && text('type') === 'cve') update.cves.push(text('id'));
      else if (name === 'collection') update.collection = text('short');
      else if (name === 'module') update.module = `${text('name')}:${text('stream')}`;
      else if (name === 'package') {
        const epoch = text('epoch');
        const evr = `${epoch && epoch !== '0' ? `${epoch}:` : ''}${text('version')}-${text('release')}`;
        const { module } = update;
        update.packages.set(`${text('name')} ${evr} ${module}`, { name: text('name'), evr, module });
      }
    },
    close(name, text, depth) {
      if (!update) return;
      if (name === 'id' && depth === 2) update.id = text;
      else if (name === 'severity') update.severity = text;
      else if (name === 'collection') update.module = undefined;
      else if (name === 'update') {
        done.push(claimsOf(update, path).map((claim) => toAdvisory(claim, scoreOf)));
        update = undefined;
      }
    },
  });
  yield* done;
}

function claimsOf({ id, severity, collection, cves, packages }: Update, path: string): readonly Claim[] {
  const ids = cves.filter(isCve);
  if (id === '') return [];
  return [...packages.values()].flatMap(({ name, evr, module }) => {
    const ecosystem = ecosystemOf(id, collection, evr, path);
    if (ecosystem === undefined) return [];
    return {
      ...{ record: id, ids: ids.length > 0 ? ids : [id], ecosystem, name, module, scheme: 'rpm' as const },
      ...{ events: before(evr), words: [severity] },
    };
  });
}

/** By the update's id and what is built into the packages' versions; a repository says its release nowhere else for sure. */
function ecosystemOf(id: string, collection: string, evr: string, path: string): string | undefined {
  const amazon = /^ALAS(\d{4}|2|)[A-Z0-9._-]*-\d{4}-\d+$/.exec(id)?.[1];
  if (amazon !== undefined) return `Amazon Linux:${amazon || '1'}`;
  const release = /\.el(\d+)/.exec(evr)?.[1];
  const fedora = /\.fc(\d+)/.exec(evr)?.[1];
  if (fedora) return `Fedora:${fedora}`;
  if (release === undefined) return undefined;
  if (/^R[LX]SA-|^RLBA-/.test(id)) return `Rocky Linux:${release}`;
  if (/^AL[SBE]A-/.test(id)) return `AlmaLinux:${release}`;
  if (/^ELSA-/.test(id)) return `Oracle Linux:${release}`;
  if (/^RHSA-/.test(id)) return `Red Hat:${release}`;
  return /epel/i.test(`${collection} ${path}`) ? `EPEL:${release}` : undefined;
}
