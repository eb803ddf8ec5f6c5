import type { AdvisoryEntry } from '../model.ts';
import { FACTS } from '../model.ts';
import {
  before,
  type JsonReader,
  OPEN,
  type PackageAdvisory,
  type ReadContext,
  type RecordRead,
  toAdvisory,
} from './claim.ts';
import { ubuntuEcosystem } from './releases.ts';

const CANDIDATE = /^Candidate:\s*(CVE-\d{4}-\d{4,})/m;
const STATUS = /^([a-z]+)_([A-Za-z0-9.+-]+):[ \t]*([a-z-]+)[ \t]*(?:\((.*)\))?/gm;

export const isUbuntuCve = (text: string): boolean => CANDIDATE.test(text.slice(0, 4096));

/** A file of the Ubuntu CVE tracker, wrapped with where it came from. */
export const ubuntuTracker: JsonReader = {
  name: 'Ubuntu CVE tracker',
  matches: (document) => typeof document.text === 'string' && isUbuntuCve(document.text),
  read: (document, context) => readUbuntuCve(String(document.text), context),
};

/**
 * One CVE: a line for each release and source package with a status ("cve-tracker/README"). Extended maintenance
 * (`trusty/esm`) is passed over: its versions are in other archives. So is `devel`, which is another release over time.
 */
export function readUbuntuCve(text: string, { scoreOf }: ReadContext): RecordRead {
  const id = CANDIDATE.exec(text)?.[1];
  if (id === undefined) return {};
  const priority = /^Priority:[ \t]*(\w+)/m.exec(text)?.[1];
  const own = new Map([...text.matchAll(/^Priority_([A-Za-z0-9.+-]+):[ \t]*(\w+)/gm)].map((m) => [m[1], m[2]]));
  const advisories: PackageAdvisory[] = [];
  for (const [, codename = '', name = '', status = '', detail = ''] of text.matchAll(STATUS)) {
    const ecosystem = ubuntuEcosystem(codename);
    const said = ecosystem && statementOf(status, detail);
    if (!ecosystem || !said) continue;
    const words = [own.get(name) ?? priority];
    advisories.push(toAdvisory({ record: id, ids: [id], ecosystem, name, scheme: 'deb', words, ...said }, scoreOf));
  }
  const cvss = [...text.matchAll(/^ (\w+): (CVSS:\S+|AV:\S+)/gm)].flatMap(([, by = '', vector = '']) => {
    const scored = scoreOf(vector);
    return scored ? [{ by, vector: scored.vector, score: scored.score }] : [];
  });
  return { advisories, ...(cvss.length > 0 ? { facts: [{ about: FACTS, name: id, facts: { cvss } }] } : {}) };
}

function statementOf(
  status: string,
  detail: string,
): { readonly events: typeof OPEN; readonly fixState?: AdvisoryEntry['fixState'] } | undefined {
  switch (status) {
    case 'released':
      return /^[0-9]\S*$/.test(detail) ? { events: before(detail) } : undefined;
    case 'needed':
    case 'active':
    case 'pending':
    case 'deferred':
      return { events: OPEN, fixState: 'not-fixed' };
    case 'needs-triage':
      // Nobody has looked at it yet: it is reported, since the absence of an answer is not "clean".
      return { events: OPEN, fixState: 'unknown' };
    case 'ignored':
      return ignored(detail);
    default:
      return undefined;
  }
}

function ignored(detail: string) {
  const isOver = /end[- ]of[- ]life|out of standard support|no longer updated|ESM criteria/i.test(detail);
  return { events: OPEN, fixState: isOver ? ('end-of-life' as const) : ('wont-fix' as const) };
}
