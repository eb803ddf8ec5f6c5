import { unreachable } from '../core/errors.ts';
import { type AssessedFinding, type Assessment, assessFindings, isSettled } from '../vex/index.ts';
import type { Coverage, Finding, ScanDocument } from '../vulnerabilities/index.ts';
import { type PolicyConfig, type PolicyException, severities } from './config.ts';
import { countVotes } from './count-votes.ts';
import type { Decision, GateDecision, GateInputs } from './model.ts';
import { coversFinding } from './waiver.ts';

/** More than these are counted, not named: a verdict is read by people, and the scan document has them all. */
const NAMED = 25;

/** From the mildest to the strictest. */
const effects = ['ignore', 'warn', 'quarantine', 'deny'] as const;
type Effect = (typeof effects)[number];

interface Remark {
  readonly effect: Effect;
  readonly text: string;
}

/** Decides whether an image may run. Pure: equal inputs give an equal decision, now and when it is replayed. */
export function evaluateGate(inputs: GateInputs): GateDecision {
  const { policy, scan, statements = [], votes = [], image = {} } = inputs;
  const counted = countVotes(scan.findings, votes, policy);
  const assessed = assessFindings(counted.findings, statements, image, { carryOver: policy.carryOver });
  const settled = policy.vex === 'settle' ? assessed.filter(isSettled) : [];
  const open = assessed.filter((one) => !settled.includes(one)).map(({ finding }) => finding);
  const judged = open.map((finding) => judge(finding, inputs));
  const remarks = [
    ...incompleteness(scan, policy),
    ...uncovered(scan, policy),
    ...unheard(counted.missing, policy),
    ...shorten(judged, 'deny'),
    ...shorten(judged, 'quarantine'),
    ...shorten(judged, 'warn'),
    ...shorten(settled.map(toSettled), 'warn'),
  ];
  const decision = toDecision(strictest(remarks.map(({ effect }) => effect)));
  const texts = (...wanted: readonly Effect[]): string[] =>
    remarks.filter(({ effect }) => wanted.includes(effect)).map(({ text }) => text);
  return { decision, reasons: texts('deny', 'quarantine'), warnings: [...texts('warn'), ...(inputs.over ?? [])] };
}

/** What VEX settles holds nothing back, and stays to be seen. */
function toSettled({ finding, assessment }: AssessedFinding): Remark {
  const { status, origin, carriedOver } = assessment as Assessment;
  const said = `${status.replace('_', ' ')} by VEX of ${origin.author}${carriedOver ? ' about an earlier image' : ''}`;
  return { effect: 'warn', text: `${said}: ${describe(finding)}` };
}

const unheard = (missing: readonly string[], { votes }: PolicyConfig): readonly Remark[] =>
  missing.map((voter) => ({ effect: votes.missing, text: `${voter} has not reported on the image` }));

const strictest = (some: readonly Effect[]): Effect => effects.findLast((effect) => some.includes(effect)) ?? 'ignore';

const toDecision = (effect: Effect): Decision => (effect === 'deny' || effect === 'quarantine' ? effect : 'allow');

function judge(finding: Finding, { policy, inForce, waivers = [] }: GateInputs): Remark {
  const text = describe(finding);
  const accepted = inForce.find((exception) => covers(exception, finding));
  if (accepted) return { effect: 'warn', text: `accepted until ${accepted.until} (${accepted.reason}): ${text}` };
  const waived = waivers.find((waiver) => coversFinding(waiver, finding));
  if (waived) {
    const by = `${waived.id} of ${waived.author}, until ${waived.until}`;
    return { effect: 'warn', text: `waived by ${by} (${waived.reason}): ${text}` };
  }
  // What nobody rates is judged by both settings: a stricter threshold must never let through what a milder one held.
  const wanted = strictest([
    thresholdEffect(finding, policy),
    finding.severity === 'unknown' ? policy.unrated : 'ignore',
  ]);
  const mendable = !policy.onlyFixable || finding.fixState === 'fixed';
  return { effect: toDecision(wanted) !== 'allow' && !mendable ? 'warn' : wanted, text };
}

function thresholdEffect({ severity }: Finding, policy: PolicyConfig): Effect {
  const reaches = (threshold: PolicyConfig['denyAt']): boolean =>
    threshold !== 'never' && severities.indexOf(severity) <= severities.indexOf(threshold);
  if (reaches(policy.denyAt)) return 'deny';
  return reaches(policy.warnAt) ? 'warn' : 'ignore';
}

export const covers = ({ id, package: name }: PolicyException, finding: Finding): boolean =>
  coversFinding({ vulnerability: id, package: name }, finding);

function describe({ id, severity, package: pkg, fixState, fixedVersions }: Finding): string {
  const rating = severity === 'unknown' ? 'not rated' : severity;
  return `${id} (${rating}) in ${pkg.name} ${pkg.version}, ${describeFix(fixState, fixedVersions)}`;
}

function describeFix(fixState: Finding['fixState'], fixedVersions: readonly string[]): string {
  switch (fixState) {
    case 'fixed':
      return `fixed in ${fixedVersions.join(', ')}`;
    case 'not-fixed':
      return 'no fix yet';
    case 'wont-fix':
      return 'will not be fixed';
    case 'end-of-life':
      return 'its release is no longer maintained';
    case 'unknown':
      return 'fix unknown';
    default:
      return unreachable(fixState);
  }
}

/** Remarks of one effect, the same text once, at most `NAMED` of them. */
function shorten(remarks: readonly Remark[], effect: Effect): readonly Remark[] {
  const texts = [...new Set(remarks.filter((remark) => remark.effect === effect).map(({ text }) => text))];
  const named = texts.slice(0, NAMED).map((text) => ({ effect, text }));
  const more = texts.length - named.length;
  return more > 0 ? [...named, { effect, text: `and ${more} more findings` }] : named;
}

function incompleteness({ sbom }: ScanDocument, policy: PolicyConfig): readonly Remark[] {
  const effect = policy.incomplete === 'allow' ? 'warn' : policy.incomplete;
  switch (sbom.outcome) {
    case 'complete':
      return [];
    case 'limit-exceeded':
      return [{ effect, text: 'the image crossed a limit while it was read: what it holds beyond that is unknown' }];
    case 'unreadable':
      return [{ effect, text: 'the image could not be read: what it holds is unknown' }];
    default:
      return unreachable(sbom.outcome);
  }
}

function uncovered({ coverage, snapshot }: ScanDocument, policy: PolicyConfig): readonly Remark[] {
  const effect = policy.uncovered;
  const remarks: Remark[] = [];
  const names = (data: Coverage['ecosystems'][number]['data']): string =>
    coverage.ecosystems
      .filter((ecosystem) => ecosystem.data === data)
      .map(({ name, packages }) => `${name} (${packages})`)
      .join(', ');
  if (snapshot === undefined) remarks.push({ effect, text: 'there are no advisories yet' });
  else if (coverage.uncovered > 0) {
    remarks.push({ effect, text: `no advisories are known for ${coverage.uncovered} packages of ${names('none')}` });
  }
  if (coverage.undecided.count > 0) {
    const text = `${coverage.undecided.count} advisories cannot be compared with the versions of their packages`;
    remarks.push({ effect, text });
  }
  const excerpts = names('excerpt');
  if (excerpts !== '') {
    // Some data are there; that they are not all is worth a warning, and no more than that.
    remarks.push({
      effect: effect === 'ignore' ? 'ignore' : 'warn',
      text: `only some advisories are known for ${excerpts}`,
    });
  }
  return remarks;
}
