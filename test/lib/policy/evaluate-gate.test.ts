import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { evaluateGate, type PolicyConfig, type PolicyException, type Waiver } from '../../../lib/policy/index.ts';
import type { Vote } from '../../../lib/scanners/index.ts';
import type { SourcedStatement } from '../../../lib/vex/index.ts';
import { type Finding, type ScanDocument, type Severity, severities } from '../../../lib/vulnerabilities/index.ts';
import { covered, finding, policy, scan, subject } from './support.ts';

const evaluate = (settings: Partial<PolicyConfig>, document: ScanDocument, inForce: readonly PolicyException[] = []) =>
  evaluateGate({ policy: policy(settings), inForce, scan: document });

describe('the severity threshold', () => {
  it('denies at critical by default, warns at high, and names the reason', () => {
    expect(evaluate({}, scan([finding('CVE-1', 'critical')]))).toEqual({
      decision: 'deny',
      reasons: ['CVE-1 (critical) in left 1.0.0, fixed in 1.0.1'],
      warnings: [],
    });
    expect(evaluate({}, scan([finding('CVE-1', 'high'), finding('CVE-2', 'medium')]))).toEqual({
      decision: 'allow',
      reasons: [],
      warnings: ['CVE-1 (high) in left 1.0.0, fixed in 1.0.1'],
    });
    expect(evaluate({}, scan([]))).toEqual({ decision: 'allow', reasons: [], warnings: [] });
  });

  it.each([
    ['critical', ['deny', 'allow', 'allow', 'allow', 'allow', 'allow']],
    ['medium', ['deny', 'deny', 'deny', 'allow', 'allow', 'allow']],
    ['unknown', ['deny', 'deny', 'deny', 'deny', 'deny', 'deny']],
    ['never', ['allow', 'allow', 'allow', 'allow', 'allow', 'allow']],
  ] as const)('at %s decides on each severity', (denyAt, decisions) => {
    expect(severities.map((severity) => evaluate({ denyAt }, scan([finding('X', severity)])).decision)).toEqual(
      decisions,
    );
  });

  it.each([
    ['ignore', 'allow', 0, 0],
    ['warn', 'allow', 0, 1],
    ['quarantine', 'quarantine', 1, 0],
    ['deny', 'deny', 1, 0],
  ] as const)('does with unrated findings what the policy says: %s', (unrated, decision, reasons, warnings) => {
    const result = evaluate({ unrated }, scan([finding('X-1', 'unknown')]));
    expect([result.decision, result.reasons.length, result.warnings.length]).toEqual([decision, reasons, warnings]);
  });

  it('can be told to deny only what can be mended; the rest is still named', () => {
    const open = { fixState: 'not-fixed' as const, fixedVersions: [] };
    const document = scan([finding('CVE-1', 'critical', open)]);
    expect(evaluate({}, document).decision).toBe('deny');
    expect(evaluate({ onlyFixable: true }, document)).toEqual({
      decision: 'allow',
      reasons: [],
      warnings: ['CVE-1 (critical) in left 1.0.0, no fix yet'],
    });
    expect(evaluate({ onlyFixable: true }, scan([finding('CVE-1', 'critical')])).decision).toBe('deny');
  });

  it('judges an unrated finding by the threshold as well, so that a stricter one never lets it through', () => {
    const open = { fixState: 'wont-fix' as const, fixedVersions: [] };
    const document = scan([finding('CVE-1', 'unknown', open)]);
    for (const denyAt of ['critical', 'unknown'] as const) {
      expect(evaluate({ denyAt, unrated: 'quarantine' }, document).decision).not.toBe('allow');
      expect(evaluate({ denyAt, unrated: 'quarantine', onlyFixable: true }, document).decision).toBe('allow');
    }
  });

  it('names at most 25 findings and counts the others', () => {
    const many = Array.from({ length: 40 }, (_, i) => finding(`CVE-${i}`, 'critical'));
    const { reasons } = evaluate({}, scan(many));
    expect(reasons).toHaveLength(26);
    expect(reasons.at(-1)).toBe('and 15 more findings');
  });
});

describe('an exception', () => {
  const until = '2026-12-31T00:00:00Z';
  it('accepts a finding by id or alias, and says so', () => {
    const document = scan([finding('CVE-1', 'critical', { aliases: ['GHSA-1'] })]);
    for (const id of ['CVE-1', 'GHSA-1']) {
      expect(evaluate({}, document, [{ id, reason: 'not reachable', until }])).toEqual({
        decision: 'allow',
        reasons: [],
        warnings: [`accepted until ${until} (not reachable): CVE-1 (critical) in left 1.0.0, fixed in 1.0.1`],
      });
    }
  });

  it('reaches no other finding and no other package', () => {
    const other = { package: { name: 'right', version: '1.0.0', type: 'npm' } };
    const document = scan([
      finding('CVE-1', 'critical'),
      finding('CVE-1', 'critical', other),
      finding('CVE-2', 'critical'),
    ]);
    expect(evaluate({}, document, [{ id: 'CVE-1', package: 'left', reason: 'r', until }]).reasons).toEqual([
      'CVE-1 (critical) in right 1.0.0, fixed in 1.0.1',
      'CVE-2 (critical) in left 1.0.0, fixed in 1.0.1',
    ]);
  });
});

describe('what is not known', () => {
  it.each(['limit-exceeded', 'unreadable'] as const)(
    'quarantines an image that is %s, without any finding',
    (outcome) => {
      const document = scan([], { sbom: { digest: digestOf('sbom'), outcome } });
      expect(evaluate({}, document)).toMatchObject({ decision: 'quarantine', reasons: [expect.any(String)] });
      expect(evaluate({ incomplete: 'deny' }, document).decision).toBe('deny');
      expect(evaluate({ incomplete: 'allow' }, document)).toMatchObject({
        decision: 'allow',
        warnings: [expect.any(String)],
      });
    },
  );

  it('is a warning where advisories are missing, or more if the policy says', () => {
    const missing = {
      ...covered,
      uncovered: 2,
      ecosystems: [{ name: 'RubyGems', packages: 2, data: 'none' as const }],
    };
    const document = scan([], { coverage: missing });
    expect(evaluate({}, document)).toEqual({
      decision: 'allow',
      reasons: [],
      warnings: ['no advisories are known for 2 packages of RubyGems (2)'],
    });
    expect(evaluate({ uncovered: 'quarantine' }, document).decision).toBe('quarantine');
    expect(evaluate({ uncovered: 'deny' }, document).decision).toBe('deny');
    expect(evaluate({ uncovered: 'ignore' }, document).warnings).toEqual([]);
  });

  it('is said where there is no snapshot, only an excerpt, or a version that cannot be compared', () => {
    const { snapshot: _none, ...without } = scan([]);
    expect(evaluate({ uncovered: 'quarantine' }, without)).toMatchObject({
      decision: 'quarantine',
      reasons: ['there are no advisories yet'],
    });
    const excerpt = scan([], { coverage: { ...covered, ecosystems: [{ name: 'npm', packages: 3, data: 'excerpt' }] } });
    expect(evaluate({ uncovered: 'deny' }, excerpt)).toEqual({
      decision: 'allow',
      reasons: [],
      warnings: ['only some advisories are known for npm (3)'],
    });
    const undecided = scan([], { coverage: { ...covered, undecided: { count: 2, examples: [] } } });
    expect(evaluate({ uncovered: 'quarantine' }, undecided).decision).toBe('quarantine');
  });
});

describe('any decision', () => {
  const severity = fc.constantFrom(...severities) as fc.Arbitrary<Severity>;
  const findings = fc.array(
    fc
      .tuple(fc.nat(4), severity, fc.constantFrom('fixed', 'not-fixed', 'wont-fix', 'unknown'))
      .map(([n, rating, fixState]) => finding(`CVE-${n}`, rating, { fixState: fixState as 'fixed' })),
    { maxLength: 6 },
  );
  const document = fc
    .tuple(findings, fc.constantFrom('complete', 'limit-exceeded', 'unreadable'), fc.nat(2))
    .map(([list, outcome, uncovered]) =>
      scan(list, {
        sbom: { digest: digestOf('sbom'), outcome: outcome as 'complete' },
        coverage: { ...covered, uncovered },
      }),
    );
  const threshold = fc.constantFrom(...severities, 'never' as const);
  const settings = fc.record({
    denyAt: threshold,
    warnAt: threshold,
    onlyFixable: fc.boolean(),
    unrated: fc.constantFrom('ignore', 'warn', 'quarantine', 'deny'),
    incomplete: fc.constantFrom('allow', 'quarantine', 'deny'),
    uncovered: fc.constantFrom('ignore', 'warn', 'quarantine', 'deny'),
  }) as fc.Arbitrary<Partial<PolicyConfig>>;
  const strictness = { allow: 0, quarantine: 1, deny: 2 };

  it('has reasons exactly when it is not "allow"', () => {
    fc.assert(
      fc.property(settings, document, (some, one) => {
        const { decision, reasons } = evaluate(some, one);
        expect(reasons.length > 0).toBe(decision !== 'allow');
      }),
    );
  });

  it('grows no milder by more findings, and no stricter by an exception', () => {
    fc.assert(
      fc.property(settings, document, findings, fc.nat(4), (some, one, more, n) => {
        const before = strictness[evaluate(some, one).decision];
        const after = strictness[evaluate(some, { ...one, findings: [...one.findings, ...more] }).decision];
        expect(after).toBeGreaterThanOrEqual(before);
        const excepted = evaluate(some, one, [{ id: `CVE-${n}`, reason: 'r', until: '2026-12-31T00:00:00Z' }]);
        expect(strictness[excepted.decision]).toBeLessThanOrEqual(before);
      }),
    );
  });

  it('grows no milder by a stricter threshold', () => {
    const order = ['never', ...severities];
    fc.assert(
      fc.property(settings, document, threshold, threshold, (some, one, a, b) => {
        const [mild, strict] = order.indexOf(a) <= order.indexOf(b) ? [a, b] : [b, a];
        const decide = (denyAt: PolicyConfig['denyAt']) => strictness[evaluate({ ...some, denyAt }, one).decision];
        expect(decide(strict)).toBeGreaterThanOrEqual(decide(mild));
      }),
    );
  });
});

describe('what people say', () => {
  const bad = finding('CVE-2026-1', 'critical', {
    aliases: ['GHSA-1'],
    package: { name: 'left', version: '1.0.0', type: 'npm', purl: 'pkg:npm/left@1.0.0' },
  });
  const waiver: Waiver = {
    id: `w-${'0'.repeat(16)}`,
    vulnerability: 'GHSA-1',
    image: '**',
    reason: 'behind a proxy',
    author: 'ops',
    createdAt: '2026-01-01T00:00:00.000Z',
    until: '2026-02-01T00:00:00.000Z',
  };
  const statement = (status: 'not_affected' | 'under_investigation'): SourcedStatement => ({
    statement: {
      ids: ['CVE-2026-1'],
      status,
      time: '2026-01-01T00:00:00.000Z',
      products: [{ names: ['pkg:npm/left'], subcomponents: [] }],
    },
    origin: { document: 'd', author: 'the team', format: 'openvex', via: 'file' },
  });
  const inputs = { policy: policy(), inForce: [], scan: scan([bad]), image: subject };

  it('accepts a waived finding by any of its names, and names the waiver', () => {
    expect(evaluateGate(inputs).decision).toBe('deny');
    const decided = evaluateGate({ ...inputs, waivers: [waiver] });
    expect(decided.decision).toBe('allow');
    expect(decided.warnings).toEqual([expect.stringContaining(`waived by ${waiver.id} of ops`)]);
    expect(evaluateGate({ ...inputs, waivers: [{ ...waiver, package: 'right' }] }).decision).toBe('deny');
  });

  it('goes by VEX that settles, and by nothing less; or only shows it', () => {
    const decided = evaluateGate({ ...inputs, statements: [statement('not_affected')] });
    expect(decided).toMatchObject({ decision: 'allow', warnings: [expect.stringContaining('by VEX of the team')] });
    expect(evaluateGate({ ...inputs, statements: [statement('under_investigation')] }).decision).toBe('deny');
    const showing = { ...inputs, policy: policy({ vex: 'show' }), statements: [statement('not_affected')] };
    expect(evaluateGate(showing).decision).toBe('deny');
  });

  describe('and other scanners', () => {
    const vote = (voter: string, findings: readonly Finding[], covers: 'all' | 'os' = 'all'): Vote => ({
      voter,
      via: 'file',
      receivedAt: '2026-01-01T00:00:00.000Z',
      report: {
        schemaVersion: 1,
        scanner: { name: 'trivy', label: voter },
        image: {},
        covers,
        findings: findings.map(({ sources: _sources, ...one }) => one),
      },
    });
    const decide = (count: string[], rule: 'any' | 'majority' | 'all', votes: readonly Vote[], findings = [bad]) =>
      evaluateGate({
        ...inputs,
        scan: scan(findings),
        policy: policy({ votes: { count, rule, missing: 'quarantine' } }),
        votes,
      });

    it('counts no vote that the policy does not name', () => {
      expect(decide(['lading'], 'any', [vote('trivy', [bad])], []).decision).toBe('allow');
    });

    it.each([
      ['any', 'deny'],
      ['majority', 'deny'],
      ['all', 'allow'],
    ] as const)('with the rule %s and two of three: %s', (rule, decision) => {
      const votes = [vote('trivy', [bad]), vote('grype', [])];
      expect(decide(['lading', 'trivy', 'grype'], rule, votes).decision).toBe(decision);
    });

    it('takes the silence of who does not look at such packages for nothing', () => {
      expect(decide(['lading', 'ecr-basic'], 'all', [vote('ecr-basic', [], 'os')]).decision).toBe('deny');
    });

    it('lets another scanner decide alone', () => {
      expect(decide(['trivy'], 'any', [vote('trivy', [])]).decision).toBe('allow');
      expect(decide(['trivy'], 'any', [vote('trivy', [bad])], []).decision).toBe('deny');
    });

    it('does not take a scanner that has not reported for one that found nothing', () => {
      const decided = decide(['lading', 'trivy'], 'any', [], []);
      expect(decided).toMatchObject({ decision: 'quarantine', reasons: ['trivy has not reported on the image'] });
    });
  });
});
