import { mapLimit } from '../core/concurrency.ts';
import { parseLocationKey } from '../core/image-reference.ts';
import {
  actionsFor,
  describeChange,
  imageKnowledge,
  planCascade,
  planFor,
  pullRequestText,
  type RemediationPlan,
  showVulnerability,
} from '../remediation/index.ts';
import { imageOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';

/** Of so many of the newest images an order is made. */
const PLANNED = 200;
/** Scans that are looked through for one vulnerability, within the time that a request has. */
const EXAMINED = 5_000;
/** Affected images for which it is said what to do. */
const ADVISED = 20;

const baseOf = ({ changes }: RemediationPlan) =>
  changes.flatMap((change) =>
    change.kind === 'newer-base' ? [{ from: change.from, to: change.to, name: change.name }] : [],
  )[0];

/** What the rules ask for by themselves, once for each cause; with `dryRun` they only say so. */
const asksOf = ({ remediation }: ConsolePorts, plan: RemediationPlan) => ({
  actions: actionsFor(parseLocationKey(plan.image), remediation).map(({ kind }) => kind),
  dryRun: remediation.dryRun,
});

const viewOf = (ports: ConsolePorts, plan: RemediationPlan) => ({
  ...plan,
  asks: asksOf(ports, plan),
  base: baseOf(plan),
  changes: plan.changes.map(describeChange),
  pullRequest: pullRequestText(plan),
});

/** The plan of one image, or of all in the order in which they are best carried out. */
export async function plansOf(ports: ConsolePorts, ref: string | undefined) {
  const knowledge = knowledgeOf(ports);
  if (ref === undefined) {
    const steps = planCascade(await knowledge.all(PLANNED));
    return steps.map(({ plan, rank, dependents }) => ({ ...viewOf(ports, plan), rank, dependents }));
  }
  const { entry } = await imageOf(ports, ref);
  const plan = await planFor(knowledge, entry, { minimumWorth: 0 });
  return plan ? [viewOf(ports, plan)] : [];
}

const knowledgeOf = ({ catalog, security }: ConsolePorts) => imageKnowledge({ ...security, catalog });

/** Who is affected, where it runs, and what to do. */
export async function vulnerabilityOf(ports: ConsolePorts, id: string) {
  const { images, examined, complete } = await showVulnerability(
    { ...ports.security, catalog: ports.catalog },
    id,
    EXAMINED,
  );
  const knowledge = knowledgeOf(ports);
  const plans = await mapLimit(images.slice(0, ADVISED), 4, async ({ image, findings }) => {
    const plan = await planFor(knowledge, parseLocationKey(image), { minimumWorth: 0 });
    const helps = plan?.cleared.some((label) => findings.some((one) => label === `${one.id} ${one.package.name}`));
    return helps ? plan?.changes.map(describeChange) : undefined;
  });
  return {
    id,
    images: images.map((one, i) => ({ ...one, ...(plans[i] ? { plan: plans[i] } : {}) })),
    examined,
    complete,
  };
}
