import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import { loadTrust } from '../../../../lib/signing/index.ts';
import { makeChain } from '../../../support/certificates.ts';
import { makeKey } from './material.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/verification-policy.md'), 'utf8');
const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const { authority } = makeChain();
const { pem } = makeKey('k');

const ports = {
  readFile: async (path: string): Promise<Uint8Array> => {
    if (path === 'trustpolicy.json') {
      const statement = {
        name: 'all',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:acme'],
        trustedIdentities: ['*'],
      };
      return encode({ version: '1.0', trustPolicies: [statement] });
    }
    return new TextEncoder().encode(path.endsWith('.pem') ? authority.pem : path.endsWith('.pub') ? pem : '{}');
  },
  readFolder: async () => new Map<string, Uint8Array>(),
  keylessVerifier: async () => ({ check: () => ({ kind: 'invalid', reason: 'malformed', detail: '' }) as const }),
  clock: manualClock(),
};

/** The example without what only The Update Framework would bring. */
const local = JSON.parse(JSON.stringify({ ...example, tuf: undefined }).replaceAll('tuf:', ''));

describe('the policy of verification', () => {
  it('is read as the page shows it', async () => {
    const { trust, requirements } = await loadTrust(encode(local), ports);
    expect(trust.keys.map(({ name }) => name)).toEqual(['release', 'build', 'old']);
    expect(trust.keys[0]?.notAfter).toEqual(new Date('2027-01-01T00:00:00Z'));
    expect([...(trust.notation?.stores.keys() ?? [])]).toEqual(['ca:acme', 'tsa:acme']);
    expect(trust.keyless?.identities).toHaveLength(1);
    expect(requirements).toMatchObject([{ threshold: 2 }, { threshold: 1, conditions: [{}, {}] }]);
  });

  it('is refused with trust data that do not hold', async () => {
    await expect(loadTrust(encode(example), ports)).rejects.toMatchObject({ code: 'trust-invalid' });
  });

  it.each([
    ['a member that nobody knows', { more: 1 }],
    ['no requirement', { requirements: [] }],
    ['a signer that is not defined', { requirements: [{ name: 'x', kind: 'signature', by: ['nobody'] }] }],
    ['a threshold of nothing', { requirements: [{ name: 'x', kind: 'signature', threshold: 0 }] }],
    [
      'a condition of two minds',
      { requirements: [{ name: 'x', kind: 'attestation', conditions: [{ path: '/a', equals: 1, atMost: 2 }] }] },
    ],
    [
      'a path that is no pointer',
      { requirements: [{ name: 'x', kind: 'attestation', conditions: [{ path: 'a', equals: 1 }] }] },
    ],
    ['another version', { version: 2 }],
  ])('is refused with %s', async (_what, change) => {
    await expect(loadTrust(encode({ ...local, ...change }), ports)).rejects.toMatchObject({ code: 'trust-invalid' });
  });

  it('is read, or refused with an error of ours, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(local)), fc.jsonValue(), async (member, value) => {
        try {
          await loadTrust(encode({ ...local, [member]: value }), ports);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
        }
      }),
      { numRuns: 50 },
    );
  });
});
