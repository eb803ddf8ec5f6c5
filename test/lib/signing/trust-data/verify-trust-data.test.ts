import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planMigration, targetDigest, verifyTrustData } from '../../../../lib/signing/index.ts';
import { newRepository, newRoleKey, roleOf, signMetadata } from './repository.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const PAST = '2026-05-01T00:00:00Z';

describe.each(['tuf', 'notary'] as const)('trust data (%s)', (dialect) => {
  const setUp = () => {
    const repository = newRepository(dialect);
    const check = (
      files: ReadonlyMap<string, Uint8Array>,
      more: Partial<Parameters<typeof verifyTrustData>[0]> = {},
      now = NOW,
    ) => verifyTrustData({ dialect, files, pinnedRoot: repository.root(), ...more }, now);
    return { ...repository, check };
  };
  const refused = (reason: string, file?: string) => ({ kind: 'invalid', reason, ...(file ? { file } : {}) });

  it('gives what targets and their delegations sign, and no more', () => {
    const { publish, check, keys } = setUp();
    const verdict = check(publish(3));
    expect(verdict).toMatchObject({
      kind: 'valid',
      versions: { root: 1, timestamp: 3, snapshot: 3, targets: 3 },
      expires: new Date('2027-01-01T00:00:00Z'),
      root: 'pinned',
      targets: [
        { name: 'rel-1', role: 'targets', signedBy: [keys.targets[0]?.id] },
        // `other` is outside of what was delegated.
        { name: 'rel-2', role: 'targets/releases', signedBy: [keys.releases[0]?.id] },
      ],
    });
  });

  it.each(['root', 'timestamp', 'snapshot', 'targets', 'releases'])('refuses %s that expired', (role) => {
    const { publish, check, root } = setUp();
    const files = publish(1, { [role]: { expires: PAST } });
    const file = role === 'releases' ? 'targets/releases.json' : `${role}.json`;
    const pinnedRoot = role === 'root' ? root(1, { expires: PAST }) : root();
    expect(check(files, { pinnedRoot })).toMatchObject(refused('expired', file));
  });

  it('refuses what is older than what was seen', () => {
    const { publish, check } = setUp();
    for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
      expect(check(publish(2), { seen: { [role]: 3 } })).toMatchObject(refused('rollback', `${role}.json`));
      expect(check(publish(3), { seen: { [role]: role === 'root' ? 1 : 3 } })).toMatchObject({ kind: 'valid' });
    }
  });

  it('refuses parts of different times, and parts that are not there', () => {
    const { publish, check } = setUp();
    const [older, newer] = [publish(1), publish(2)];
    for (const file of ['snapshot.json', 'targets.json', 'targets/releases.json']) {
      const mixed = new Map([...newer, [file, older.get(file) as Uint8Array]]);
      expect(check(mixed)).toMatchObject(refused('mix-and-match', file));
      const without = new Map([...newer].filter(([name]) => name !== file));
      expect(check(without)).toMatchObject(refused('missing', file));
    }
  });

  it('refuses what others signed, or too few', () => {
    const { publish, check, keys, root } = setUp();
    const files = publish();
    const parsed = JSON.parse(Buffer.from(files.get('timestamp.json') ?? '').toString());
    const forged = signMetadata(dialect, parsed.signed, [newRoleKey(dialect)]);
    expect(check(new Map([...files, ['timestamp.json', forged]]))).toMatchObject(
      refused('threshold-not-met', 'timestamp.json'),
    );
    // A signature is about every byte that counts.
    parsed.signed.version = 7;
    const changed = Buffer.from(JSON.stringify(parsed));
    expect(check(new Map([...files, ['timestamp.json', changed]]))).toMatchObject(
      refused('threshold-not-met', 'timestamp.json'),
    );
    // One key under two names is one key.
    const [first] = keys.root;
    if (first === undefined) throw new Error('no key');
    const alias = { ...first, id: 'f'.repeat(64) };
    const both = root(
      1,
      {
        keys: { [first.id]: first.entry, [alias.id]: alias.entry },
        roles: {
          root: roleOf([first, alias], 2),
          timestamp: roleOf([first]),
          snapshot: roleOf([first]),
          targets: roleOf([first]),
        },
      },
      [first, alias],
    );
    expect(check(files, { pinnedRoot: both })).toMatchObject(refused('root-untrusted'));
  });

  it('follows roots that the ones before signed, and no others', () => {
    const { publish, check, keys, root } = setUp();
    const renewed = [newRoleKey(dialect), ...keys.root.slice(1)];
    const roles = (signers: typeof keys.root) => ({
      keys: Object.fromEntries(
        [...signers, ...keys.timestamp, ...keys.snapshot, ...keys.targets].map(({ id, entry }) => [id, entry]),
      ),
      roles: {
        root: roleOf(signers),
        timestamp: roleOf(keys.timestamp),
        snapshot: roleOf(keys.snapshot),
        targets: roleOf(keys.targets),
      },
    });
    const second = root(2, roles(renewed), [...renewed, ...keys.root]);
    expect(check(new Map([...publish(), ['2.root.json', second]]))).toMatchObject({
      kind: 'valid',
      versions: { root: 2 },
    });
    const stranger = [newRoleKey(dialect)];
    const usurped = root(2, roles(stranger), stranger);
    expect(check(new Map([...publish(), ['2.root.json', usurped]]))).toMatchObject(
      refused('root-untrusted', '2.root.json'),
    );
    const skipped = root(3, roles(renewed), [...renewed, ...keys.root]);
    const verdict = check(new Map([...publish(), ['2.root.json', skipped]]));
    if (dialect === 'tuf') expect(verdict).toMatchObject(refused('rollback', '2.root.json'));
    else expect(verdict).toMatchObject({ kind: 'valid', versions: { root: 3 } });
  });

  it('takes an unpinned root as it is, and says so; pinned keys must have signed it', () => {
    const { publish, keys } = setUp();
    const files = publish();
    const check = (pinnedRootKeys?: readonly string[]) =>
      verifyTrustData({ dialect, files, ...(pinnedRootKeys ? { pinnedRootKeys } : {}) }, NOW);
    expect(check()).toMatchObject({ kind: 'valid', root: 'first-use' });
    expect(check([keys.root[1]?.id ?? ''])).toMatchObject({ kind: 'valid', root: 'pinned' });
    expect(check(['0'.repeat(64)])).toMatchObject(refused('root-untrusted'));
  });

  it('answers and never throws, whatever a file holds', () => {
    const { publish, check } = setUp();
    const files = publish();
    fc.assert(
      fc.property(
        fc.constantFrom(...files.keys()),
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
          fc.nat().map((n) => {
            const copy = Buffer.from(files.get('targets.json') ?? '');
            copy[n % copy.length] = (copy[n % copy.length] ?? 0) ^ 4;
            return copy;
          }),
        ),
        (file, content) => {
          const verdict = check(new Map([...files, [file, content]]));
          if (file !== 'root.json') expect(verdict.kind).toBe('invalid');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('what is to be done about a tag that Docker Content Trust signed', () => {
  const digest = `sha256:${'a'.repeat(64)}` as const;
  const other = `sha256:${'b'.repeat(64)}` as const;
  const hashes = new Map([['sha256', 'a'.repeat(64)]]);
  const target = { name: 'v1', role: 'targets', signedBy: ['k'], length: 1, hashes };

  it.each([
    [{ current: digest, isThere: true, isSigned: false }, 'sign'],
    [{ current: digest, isThere: true, isSigned: true }, 'done'],
    [{ current: other, isThere: true, isSigned: false }, 'review'],
    [{ current: undefined, isThere: true, isSigned: false }, 'review'],
    [{ current: other, isThere: false, isSigned: false }, 'gone'],
  ] as const)('%j: %s', (state, step) => {
    expect(targetDigest(target)).toBe(digest);
    expect(planMigration(target, digest, state)).toMatchObject({ tag: 'v1', step });
  });
});
