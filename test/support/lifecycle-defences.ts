import { type Defence, defence } from './defence.ts';

const LIFECYCLE = 'lib/lifecycle';
const SPARES = `${LIFECYCLE}/what-spares.ts`;
const ROOTS = `${LIFECYCLE}/judge-roots.ts`;
const MEMORY = `${LIFECYCLE}/adapters/memory-retention.ts`;
const TESTS = 'test/lib/lifecycle';

const race = [`${TESTS}/interleavings.test.ts`, 'never take what is leased, held, pulled'] as const;
const moment = [`${TESTS}/interleavings.test.ts`, 'never take what comes to be used at the very moment'] as const;
const aside = (title: string) => [`${TESTS}/quarantine.test.ts`, title] as const;
const plan = (title: string) => [`${TESTS}/plan-retention.test.ts`, title] as const;
const every = plan('leaves whole all that is tagged and kept, leased');
const store = (title: string) => ['test/contract/small-stores.test.ts', title] as const;

/** What keeps retention from deleting what is in use. */
export const lifecycleDefences: readonly Defence[] = [
  defence(
    'restores without end by whoever pulls',
    [`${TESTS}/request-restore.test.ts`, 'are of each repository and of all'],
    [`${LIFECYCLE}/adapters/dynamo-restores.ts`, 'restores < :most', '(restores < :most OR restores >= :most)'],
  ),
  defence('deletion of what is leased at that moment', moment, [
    `${LIFECYCLE}/expire-graph.ts`,
    'if (sentence.saved !== undefined)',
    'if (sentence.saved === graph.why)',
  ]),
  defence('deletion of what is put on hold at that moment', moment, [
    MEMORY,
    'holdsOf(of).some((hold) => hold.digest === digest) ||',
    '',
  ]),
  defence('hold that a table forgets beside a deletion', store('and a hold without an end'), [
    `${LIFECYCLE}/adapters/dynamo-retention.ts`,
    ' AND attribute_not_exists(holds)',
    '',
  ]),
  defence('deletion of what was pulled since the plan', race, [
    SPARES,
    'if (at !== undefined && at > since) return',
    "if (at === '') return",
  ]),
  defence('deletion of what an index came to list', race, [SPARES, '(await listedBy(ports, doomed)) ??', '']),
  defence('deletion of what a tag came to name', moment, [SPARES, '(await namedBy(ports, doomed)) ??', '']),
  defence('deletion of what has still to be copied', moment, [
    SPARES,
    '(await waitingReplica(ports, doomed))',
    'undefined',
  ]),
  defence('deletion while an event is lost', race, [
    `${LIFECYCLE}/check-catalog.ts`,
    'return unknown ?? (await whatIsUnlisted(',
    'return (await whatIsUnlisted(',
  ]),
  defence('deletion by a list that leaves things out', aside('withholds everything where the registry'), [
    `${LIFECYCLE}/check-catalog.ts`,
    'return unknown ?? (await whatIsUnlisted(ports, of, new Set(images.map(({ tag }) => tag))));',
    'return unknown;',
  ]),
  defence('deletion while nobody tells what runs', aside('withholds everything while a collector is silent'), [
    `${LIFECYCLE}/silent-collector.ts`,
    'if (hours > staleAfterHours)',
    'if (hours < 0)',
  ]),
  defence('deletion of what was put back', aside('cannot be put back while it is being deleted'), [
    `${LIFECYCLE}/expire-graph.ts`,
    "if (!aside) return { kind: 'spared', why: 'it was put back' };",
    "if (!aside) return { kind: 'spared', why: '' };",
  ]),
  defence('putting back of what is being deleted', aside('cannot be put back while it is being deleted'), [
    `${LIFECYCLE}/release-quarantined.ts`,
    "if ((await ports.leases.hold(of, { ...lease, digest })) === 'held') continue;",
    'await ports.leases.hold(of, { ...lease, digest });\n    if (digest) continue;',
  ]),
  defence('quarantine of what is in use', aside('does nothing to what is leased, pulled since the plan'), [
    SPARES,
    'if (doomed.has(lease.digest) && lease.until > now) return',
    "if (lease.reason === '') return",
  ]),
  defence('plan for what is leased', every, [ROOTS, 'if (until > time) hold(', 'if (until < time) hold(']),
  defence('plan for a child or signature of what stays', every, [
    `${LIFECYCLE}/plan-retention.ts`,
    'const kept = graph.closure(roots.kept);',
    'const kept = graph.closure(new Set<number>());\n  for (const row of roots.kept) kept[row] = 1;',
  ]),
  defence('plan for what is still in the pipeline', every, [ROOTS, 'if (since > young &&', 'if (since > Infinity &&']),
  defence('plan for the index of a platform that runs', plan('keeps the index by which a platform that runs'), [
    ROOTS,
    'for (const index of graph.ancestorsOf(node))',
    'for (const index of [] as number[])',
  ]),
  defence('plan for what is held, immutable, or built on', plan('never touches what is on hold, under an immutable'), [
    ROOTS,
    'if (dependent !== undefined) hold(',
    "if (dependent === '') hold(",
  ]),
  defence(
    'policy that would be regretted',
    [`${TESTS}/replay.test.ts`, 'withholds a policy that'],
    [`${LIFECYCLE}/replay/check-regret.ts`, 'if (regrets > images) return', 'if (regrets < 0) return'],
  ),
];
