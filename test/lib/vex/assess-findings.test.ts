import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VexProduct, VexStatement } from '../../../lib/formats/vex/index.ts';
import { assessFindings, isSettled, relevantStatements, type SourcedStatement } from '../../../lib/vex/index.ts';
import { finding } from '../policy/support.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const image = { digest: A, registry: 'registry.example', repository: 'apps/shop' };
const left = finding('CVE-2026-1', 'high', {
  aliases: ['GHSA-1'],
  package: { name: 'left', version: '1.0.0', type: 'npm', purl: 'pkg:npm/%40scope/left@1.0.0' },
});

const said = (products: readonly VexProduct[], more: Partial<VexStatement> = {}, home?: string): SourcedStatement => ({
  statement: { ids: ['CVE-2026-1'], status: 'not_affected', time: '2026-01-01T00:00:00.000Z', products, ...more },
  origin: {
    document: 'doc',
    author: 'somebody',
    format: 'openvex',
    via: home ? 'attestation' : 'file',
    ...(home ? { image: home as typeof A & `sha256:${string}` } : {}),
  },
});
const whole = (...names: string[]): VexProduct => ({ names, subcomponents: [] });
const part = (name: string, ...within: string[]): VexProduct => ({
  names: [name],
  subcomponents: within.map((one) => [one]),
});

const statusOf = (statements: readonly SourcedStatement[], carryOver = true) =>
  assessFindings([left], statements, image, { carryOver })[0]?.assessment?.status;

describe('which findings a statement is about', () => {
  it.each([
    ['the package with its version', whole('pkg:npm/%40scope/left@1.0.0')],
    ['the package in every version', whole('pkg:npm/@scope/left')],
    ['the image by its digest', whole(A)],
    ['the image by a purl with its digest', whole(`pkg:oci/shop@${A.replace(':', '%3A')}`)],
    ['every image of the repository', whole('pkg:oci/shop?repository_url=registry.example/apps/shop')],
    ['the image by its reference', whole(`registry.example/apps/shop@${A}`)],
    ['the package in the image', part(A, 'pkg:npm/@scope/left@1.0.0')],
  ])('takes %s', (_what, product) => {
    expect(statusOf([said([product])])).toBe('not_affected');
  });

  it.each([
    ['another version', whole('pkg:npm/@scope/left@1.0.1')],
    ['another scope', whole('pkg:npm/left@1.0.0')],
    ['another ecosystem', whole('pkg:pypi/left@1.0.0')],
    ['a qualifier that the package does not have', whole('pkg:npm/@scope/left@1.0.0?arch=arm64')],
    ['another image', whole(B)],
    ['another package in the image', part(A, 'pkg:npm/right@1.0.0')],
    ["anybody's image of that name", whole('pkg:oci/shop')],
    ['another repository', whole('pkg:oci/shop?repository_url=registry.example/other/shop')],
    ['a mere name', whole('left')],
  ])('does not take %s', (_what, product) => {
    expect(statusOf([said([product])])).toBeUndefined();
  });

  it('goes by any of the names of a vulnerability, and by no other', () => {
    expect(statusOf([said([whole(A)], { ids: ['GHSA-1'] })])).toBe('not_affected');
    expect(statusOf([said([whole(A)], { ids: ['CVE-2026-2'] })])).toBeUndefined();
  });

  it('takes an attestation that names no product for one about the image that it hangs on', () => {
    expect(statusOf([said([], {}, A)])).toBe('not_affected');
    expect(statusOf([said([], {}, B)])).toBeUndefined();
    expect(statusOf([said([])])).toBeUndefined();
  });
});

describe('carrying over to the next image of a repository', () => {
  const earlier = (...within: string[]) => said([part(B, ...within)], {}, B);

  it('holds where the statement names the very package and version', () => {
    const [assessed] = assessFindings([left], [earlier('pkg:npm/@scope/left@1.0.0')], image, { carryOver: true });
    expect(assessed?.assessment).toMatchObject({ status: 'not_affected', carriedOver: true });
    expect(statusOf([earlier('pkg:npm/@scope/left@1.0.0')], false)).toBeUndefined();
  });

  it('does not hold for a package without version, for whole images, or for what was fixed in the other image', () => {
    expect(statusOf([earlier('pkg:npm/@scope/left')])).toBeUndefined();
    expect(statusOf([earlier()])).toBeUndefined();
    expect(statusOf([said([part(B, 'pkg:npm/@scope/left@1.0.0')], { status: 'fixed' }, B)])).toBeUndefined();
  });

  it('gives way to what is said of this very image, however old', () => {
    const own = said([part(A, 'pkg:npm/@scope/left@1.0.0')], { status: 'affected', time: '2020-01-01T00:00:00.000Z' });
    expect(statusOf([earlier('pkg:npm/@scope/left@1.0.0'), own])).toBe('affected');
  });
});

describe('several statements', () => {
  it('lets the newest count, and of equally old ones the more cautious, in whatever order they come', () => {
    const statement = fc.record({
      status: fc.constantFrom('not_affected', 'affected', 'fixed', 'under_investigation' as const),
      time: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
    });
    const rank = ['affected', 'under_investigation', 'fixed', 'not_affected'];
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 6 }), fc.nat(), (given, turn) => {
        const list = given.map((one) => said([whole(A)], one as Partial<VexStatement>));
        const rotated = [...list.slice(turn % list.length), ...list.slice(0, turn % list.length)];
        const newest = given
          .map(({ time }) => time)
          .sort()
          .at(-1);
        const expected = given.filter(({ time }) => time === newest).map(({ status }) => status);
        expect(statusOf(rotated)).toBe(expected.sort((a, b) => rank.indexOf(a) - rank.indexOf(b))[0]);
      }),
    );
  });

  it('names only those that a decision depends on', () => {
    const relevant = [said([whole(A)]), said([part(A, 'pkg:npm/@scope/left')])];
    const others = [said([whole(B)]), said([whole(A)], { ids: ['CVE-9'] })];
    expect(relevantStatements([left], [...others, ...relevant], image, { carryOver: true })).toEqual(relevant);
  });
});

describe('a settled finding', () => {
  it.each([
    ['not_affected', true],
    ['fixed', true],
    ['affected', false],
    ['under_investigation', false],
  ] as const)('%s: %s', (status, settled) => {
    const [assessed] = assessFindings([left], [said([whole(A)], { status })], image, { carryOver: true });
    expect(assessed && isSettled(assessed)).toBe(settled);
  });
});
