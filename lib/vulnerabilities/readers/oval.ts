import { type OvalClaim, readOval } from '../../formats/oval/index.ts';
import { schemeOf } from '../../formats/versions/index.ts';
import { isCve } from '../vulnerability-ids.ts';
import { before, type Claim, OPEN, type PackageAdvisory, type ReadContext, toAdvisory } from './claim.ts';

/** OVAL of Azure Linux and CBL-Mariner, Oracle, SUSE, Red Hat, Ubuntu: what it says of packages of releases that are known here. */
export async function* readOvalAdvisories(
  chunks: AsyncIterable<string>,
  { scoreOf }: ReadContext,
): AsyncGenerator<readonly PackageAdvisory[]> {
  let definition = '';
  let found: PackageAdvisory[] = [];
  for (const claim of await readOval(chunks)) {
    if (claim.definition !== definition && definition !== '') {
      yield found;
      found = [];
    }
    definition = claim.definition;
    const { ids, name, module, severity } = claim;
    const cves = ids.filter(isCve);
    const own = ids.find((id) => !isCve(id) && /^[A-Z][A-Za-z]+-/.test(id));
    for (const ecosystem of new Set(claim.platforms.flatMap((platform) => ecosystemOf(platform, claim) ?? []))) {
      found.push(
        toAdvisory(
          {
            record: own ?? cves[0] ?? claim.definition,
            ids: cves.length > 0 ? cves : ids,
            ...{ ecosystem, name, module, scheme: schemeOf(ecosystem), words: [severity] },
            ...boundOf(claim),
          },
          scoreOf,
        ),
      );
    }
  }
  if (definition !== '') yield found;
}

const FIX_STATES = { needed: 'not-fixed', ignored: 'wont-fix', untriaged: 'unknown' } as const;

function boundOf({ operation, evr, state }: OvalClaim): Pick<Claim, 'events' | 'fixState'> {
  if (operation === 'less than') return { events: before(evr) };
  if (operation === 'any') return { events: OPEN, fixState: FIX_STATES[state ?? 'needed'] };
  // "Less than or equal" is how a publisher says that no patched version is there.
  return { events: [...OPEN, ['last_affected', evr]], fixState: 'not-fixed' };
}

function ecosystemOf(platform: string, { evr }: OvalClaim): string | undefined {
  // Mariner's platform has no release; the packages' suffix does (`cm2`, `azl3`).
  if (/^(?:CBL-Mariner|Azure Linux)/.test(platform)) {
    const release = /\.(?:cm|azl)(\d+)$/.exec(evr)?.[1] ?? /(\d+)(?:\.\d+)?$/.exec(platform)?.[1];
    return release && `Azure Linux:${release}`;
  }
  const ubuntu = /^Ubuntu (\d+\.\d+)/.exec(platform)?.[1];
  if (ubuntu) return `Ubuntu:${ubuntu}`;
  const oracle = /^Oracle Linux (\d+)/.exec(platform)?.[1];
  if (oracle) return `Oracle Linux:${oracle}`;
  const redHat = /^Red Hat Enterprise Linux (\d+)/.exec(platform)?.[1];
  if (redHat) return `Red Hat:${redHat}`;
  const leap = /^openSUSE Leap (\d+\.\d+)/.exec(platform)?.[1];
  if (leap) return `openSUSE:Leap ${leap}`;
  const [, suse, pack] = /^SUSE Linux Enterprise .*?(\d+)(?: SP(\d+))?$/.exec(platform) ?? [];
  return suse && `SUSE:${suse}${pack ? `.${pack}` : ''}`;
}
