import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bumpDockerfile } from '../../../lib/remediation/dockerfile.ts';
import { type PlanImage, planCascade, planRemediation, pullRequestText } from '../../../lib/remediation/index.ts';
import { found, image } from './support.ts';

const ssl = { type: 'deb', name: 'libssl3', version: '3.0.1' };
const base = image('base', ['a', 'b'], {
  findings: [
    found('CVE-1', 'critical', 'b', ssl, ['3.0.2']),
    found('CVE-2', 'low', 'a', { type: 'deb', name: 'tar' }, []),
  ],
  contents: 'old',
});
const newer = image('base', ['a2', 'b2'], {
  pushedAt: '2026-02-01T00:00:00.000Z',
  findings: [found('CVE-2', 'low', 'a2', { type: 'deb', name: 'tar' }, [])],
  contents: 'new',
});
const app = image('app', ['a', 'b', 'c'], {
  findings: [
    ...base.findings,
    found('CVE-3', 'high', 'c', {}, ['1.0.1', '2.0.0']),
    found('CVE-4', 'medium', 'c', {}, ['1.0.10']),
  ],
});

describe('the change for one image', () => {
  it('is a newer base with the upgrades of its own packages, where that clears the most', () => {
    expect(planRemediation(app, [newer, app, base])).toMatchObject({
      changes: [
        { kind: 'newer-base', from: base.digest, to: newer.digest, name: 'registry.example/base' },
        // 1.0.10 is higher than 1.0.2 by npm's order, and not by that of texts.
        { kind: 'upgrade-package', name: 'left', from: '1.0.0', to: '1.0.10' },
      ],
      cleared: ['CVE-1 libssl3', 'CVE-3 left', 'CVE-4 left'],
      introduced: [],
      left: 1,
      worth: 135,
      cost: 3,
    });
  });

  it('leaves to a rebuild what the distribution mends in its own layers, and not what the base brought', () => {
    const own = image('app', ['a', 'b', 'c'], {
      findings: [...base.findings, found('CVE-5', 'high', 'c', { type: 'deb', name: 'curl' }, ['8.1'])],
    });
    expect(planRemediation(own, [base, own])).toMatchObject({
      changes: [{ kind: 'rebuild' }],
      cleared: ['CVE-5 curl'],
      left: 2,
      cost: 1,
    });
  });

  it('counts against a newer base what it brings in, and takes none that is worse', () => {
    const worse = {
      ...newer,
      findings: [found('CVE-6', 'critical', 'b2', ssl), found('CVE-7', 'critical', 'b2', ssl)],
    };
    const only = { ...app, findings: base.findings };
    expect(planRemediation(only, [base, worse, only])).toBeUndefined();
  });

  it('is none where the newer base holds the same packages: the SBOM would be equal', () => {
    const same = { ...newer, contents: 'old' };
    const only = { ...app, findings: base.findings };
    expect(planRemediation(only, [base, newer, only])).toBeDefined();
    expect(planRemediation(only, [base, same, only])).toBeUndefined();
  });

  it('takes no base for another platform, none that is older, and of equal ones the cheapest', () => {
    const only = { ...app, findings: base.findings };
    for (const other of [{ platform: 'linux/arm64' }, { pushedAt: '2025-01-01T00:00:00.000Z' }]) {
      expect(planRemediation(only, [base, { ...newer, ...other }, only])).toBeUndefined();
    }
  });

  it('has a cause that names what is done', () => {
    const first = planRemediation(app, [base, newer, app]);
    const again = planRemediation({ ...app, digest: 'other', key: 'registry.example/app@sha256:other' }, [
      app,
      base,
      newer,
    ]);
    expect(again?.cause).toBe(first?.cause);
    expect(planRemediation({ ...app, repository: 'app2' }, [base, newer, app])?.cause).not.toBe(first?.cause);
  });
});

/** Images in families: what is built on what follows from the layers. */
const family = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat({ max: 20 })),
      running: fc.nat({ max: 5 }),
      day: fc.integer({ min: 1, max: 28 }),
      repository: fc.constantFrom('a', 'b', 'c'),
      findings: fc.array(
        fc.record({
          id: fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3', 'CVE-4'),
          severity: fc.constantFrom('critical', 'high', 'low', 'unknown'),
          type: fc.constantFrom('deb', 'npm'),
          fixed: fc.boolean(),
        }),
        { maxLength: 4 },
      ),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((specs) => {
    const images: PlanImage[] = [];
    for (const [i, { parent, running, day, repository, findings }] of specs.entries()) {
      const base = parent !== null && images.length > 0 ? images[parent % images.length] : undefined;
      const own = `layer-${i}`;
      images.push(
        image(repository, [...(base?.layers ?? []), own], {
          running,
          pushedAt: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
          findings: [
            ...(base?.findings ?? []),
            ...findings.map((one) =>
              found(one.id, one.severity, own, { type: one.type, name: `p${i}` }, one.fixed ? ['2.0.0'] : []),
            ),
          ],
        }),
      );
    }
    return images;
  });

describe('plans in general', () => {
  it('clear only what is there, count right, and do not depend on the order of what is known', () => {
    fc.assert(
      fc.property(family, fc.nat(), (images, turn) => {
        const rotated = [...images.slice(turn % images.length), ...images.slice(0, turn % images.length)].reverse();
        for (const one of images) {
          const plan = planRemediation(one, images);
          expect(planRemediation(one, rotated)).toEqual(plan);
          if (plan === undefined) continue;
          const there = new Set(one.findings.map(({ id, package: { name } }) => `${id} ${name}`));
          expect(plan.cleared.length).toBeGreaterThan(0);
          for (const label of plan.cleared) expect(there).toContain(label);
          expect(plan.left).toBeLessThan(one.findings.length);
          expect(plan.left).toBeGreaterThanOrEqual(0);
          expect(plan.worth).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('come in an order in which no image is built before the one that it is built on, each once', () => {
    fc.assert(
      fc.property(family, fc.nat(), (images, turn) => {
        const steps = planCascade(images);
        const rotated = [...images.slice(turn % images.length), ...images.slice(0, turn % images.length)];
        expect(planCascade(rotated)).toEqual(steps);
        const order = steps.map(({ plan }) => plan.image);
        expect(new Set(order).size).toBe(order.length);
        for (const { plan, dependents } of steps) {
          for (const dependent of dependents) {
            if (order.includes(dependent)) expect(order.indexOf(dependent)).toBeGreaterThan(order.indexOf(plan.image));
          }
        }
      }),
    );
  });

  it('put first what helps the most running images', () => {
    const many = image('many', ['m'], { running: 9, findings: [found('CVE-1', 'high', 'm')] });
    const few = image('few', ['f'], { running: 1, findings: [found('CVE-1', 'critical', 'f')] });
    expect(planCascade([few, many]).map(({ plan }) => plan.image)).toEqual([many.key, few.key]);
    const shared = image('shared', ['s'], { findings: [found('CVE-1', 'high', 's', { type: 'deb' })] });
    const users = [1, 2, 3].map((n) => image(`user-${n}`, ['s', `u${n}`], { running: 5, findings: shared.findings }));
    const steps = planCascade([few, ...users, shared]);
    expect(steps[0]).toMatchObject({ plan: { image: shared.key }, dependents: users.map(({ key }) => key) });
  });
});

describe('the text for a pull request', () => {
  const plan = planRemediation(app, [newer, app, base]);
  if (!plan) throw new Error('no plan');

  it('says what changes, why, and what stays', () => {
    const { title, body } = pullRequestText(plan);
    expect(title).toContain('3 findings fewer');
    expect(body).toContain(`-FROM registry.example/base@${base.digest}\n+FROM registry.example/base@${newer.digest}`);
    expect(body).toContain('- `CVE-1 libssl3`');
    expect(body).toContain('1 findings stay.');
  });

  it('lets no name of a stranger out of its place', () => {
    const hostile = { ...plan, cleared: ['CVE-1 `x`\n# Heading\u202e'], image: 'a`b' };
    const { body } = pullRequestText(hostile);
    expect(body).not.toMatch(/^# Heading/m);
    expect(body).not.toContain('\u202e');
    expect(body).toContain("`a'b`");
  });

  it.each([
    ['FROM debian:12 AS build', 'FROM debian:12@sha256:new AS build'],
    ['from --platform=$BUILDPLATFORM debian', 'from --platform=$BUILDPLATFORM debian@sha256:new'],
    ['FROM other@sha256:old', 'FROM other@sha256:new'],
  ])('bumps %s', (before, after) => {
    const change = { kind: 'newer-base', from: 'sha256:old', to: 'sha256:new', name: 'debian:11' } as const;
    expect(bumpDockerfile(`# x\n${before}\nRUN true`, change)).toBe(`# x\n${after}\nRUN true`);
    expect(bumpDockerfile('FROM alpine\nRUN echo FROM debian', change)).toBeUndefined();
  });
});
