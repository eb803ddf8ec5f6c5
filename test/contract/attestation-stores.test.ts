import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoCampaign } from '../../lib/attestation/adapters/dynamo-campaign.ts';
import { dynamoCryptoInventory } from '../../lib/attestation/adapters/dynamo-crypto-inventory.ts';
import { dynamoMaterials } from '../../lib/attestation/adapters/dynamo-materials.ts';
import { dynamoStatements } from '../../lib/attestation/adapters/dynamo-statements.ts';
import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import {
  memoryCryptoInventory,
  memoryMaterials,
  memoryStatements,
  memoryVerdictBoard,
} from '../../lib/attestation/adapters/memory.ts';
import type { CryptoEntry, Material, StandingVerdict } from '../../lib/attestation/index.ts';
import type { SignedStatement } from '../../lib/attestation/model.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { memoryDocuments } from '../../lib/documents/adapters/memory-documents.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { memoryKeys } from '../../lib/keys/adapters/memory-keys.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const subjectOf = (kind: string, name: string) => ({
  registry: `${kind}.example`,
  repository: 'app',
  digest: digestOf(`${kind} ${name}`),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  tags: [],
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each(['memory', 'dynamodb'])('statements (%s)', (kind) => {
  it('are recorded once for image, key, predicate and version: the first bytes stay', async () => {
    const store = kind === 'memory' ? memoryStatements() : dynamoStatements(dynamo.table, memoryDocuments());
    const { registry, repository, digest } = subjectOf(kind, 'a');
    const statement: SignedStatement = {
      subject: { registry, repository, digest },
      predicateType: 'https://slsa.dev/verification_summary/v1',
      version: 'v1',
      keyId: 'key/one+two=',
      algorithm: 'ml-dsa-65',
      createdAt: '2026-03-01T00:00:00.000Z',
      bundle: new Uint8Array([1, 2, 3]),
      manifest: new Uint8Array([4, 5]),
      manifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
      manifestDigest: digestOf('m'),
    };
    expect(await store.find(statement)).toBeUndefined();
    expect(await store.record(statement)).toEqual(statement);
    const later = { ...statement, bundle: new Uint8Array([9]), createdAt: '2026-03-02T00:00:00.000Z' };
    expect(await store.record(later)).toEqual(statement);
    expect(await store.find(later)).toEqual(statement);
    for (const other of [{ version: 'v2' }, { keyId: 'k2' }, { predicateType: 'x' }])
      expect(await store.find({ ...statement, ...other })).toBeUndefined();
  });
});

const verdictOf = (kind: string, name: string, given: Partial<StandingVerdict> = {}): StandingVerdict => ({
  subject: subjectOf(kind, name),
  state: 'standing',
  decision: 'allow',
  policy: { name: 'default', digest: digestOf('p') },
  inputs: digestOf('i'),
  scan: digestOf('s'),
  digest: digestOf('v'),
  asOf: '2026-03-01T00:00:00.000Z',
  verifiedAt: '2026-03-01T00:00:10.000Z',
  validUntil: '2026-03-31T00:00:10.000Z',
  attached: [],
  statements: [{ digest: digestOf('v'), keyId: 'k', algorithm: 'ed25519', bundle: new Uint8Array([1]) }],
  ...given,
});

describe.each(['memory', 'dynamodb'])('the board of verdicts (%s)', (kind) => {
  const board = () => (kind === 'memory' ? memoryVerdictBoard() : dynamoVerdictBoard(dynamo.table));

  it('lets the verdict on the latest scan stand, and of one scan the latest', async () => {
    const standing = board();
    const first = verdictOf(kind, 'order');
    expect(await standing.find(first.subject)).toBeUndefined();
    expect(await standing.stand(first)).toBe('stands');
    expect(await standing.stand(first)).toBe('stands');
    // Times are compared as times, whatever their fractions.
    expect(await standing.stand({ ...first, asOf: '2026-02-28T23:59:59Z' })).toBe('superseded');
    expect(await standing.stand({ ...first, verifiedAt: '2026-03-01T00:00:09.000Z' })).toBe('superseded');
    const later = { ...first, asOf: '2026-03-01T00:00:01Z', verifiedAt: '2026-03-01T00:00:05.000Z' };
    expect(await standing.stand(later)).toBe('stands');
    expect(await standing.find(first.subject)).toEqual(later);
  });

  it('tells which end before a time, but for those that lapsed', async () => {
    const standing = board();
    const soon = verdictOf(kind, 'soon', { validUntil: '2026-03-10T00:00:00.000Z' });
    const late = verdictOf(kind, 'late', { validUntil: '2026-06-10T00:00:00.000Z' });
    for (const verdict of [soon, late]) await standing.stand(verdict);
    const ending = async (time: string) =>
      (await collect(standing.endingBefore(new Date(time))))
        .filter(({ subject }) => [soon, late].some((one) => one.subject.digest === subject.digest))
        .map(({ subject }) => subject.digest)
        .sort();
    expect(await ending('2026-03-09T00:00:00Z')).toEqual([]);
    expect(await ending('2026-03-11T00:00:00Z')).toEqual([soon.subject.digest]);
    expect(await ending('2026-07-01T00:00:00Z')).toEqual([soon.subject.digest, late.subject.digest].sort());
    expect(await standing.lapse(soon)).toBe(true);
    expect(await standing.find(soon.subject)).toEqual({ ...soon, state: 'lapsed' });
    expect(await ending('2026-07-01T00:00:00Z')).toEqual([late.subject.digest]);
    const renewed = { ...late, verifiedAt: '2026-06-01T00:00:00.000Z', validUntil: '2026-09-01T00:00:00.000Z' };
    await standing.stand(renewed);
    // Another verdict stands meanwhile: it is not the one that lapses.
    expect(await standing.lapse(late)).toBe(false);
    expect(await ending('2026-07-01T00:00:00Z')).toEqual([]);
  });
});

describe.each(['memory', 'dynamodb'])('the inventory of cryptography (%s)', (kind) => {
  it("lists an image's keys together, each once, and goes on after an image", async () => {
    const inventory = kind === 'memory' ? memoryCryptoInventory() : dynamoCryptoInventory(dynamo.table);
    const names = Array.from({ length: 12 }, (_, i) => `crypto ${i}`);
    const entry = (name: string, keyId: string): CryptoEntry => ({
      subject: subjectOf(kind, name),
      keyId,
      algorithm: keyId === 'a/+=' ? 'ecdsa-p256-sha256' : 'ml-dsa-65',
      signature: digestOf('s'),
      notedAt: '2026-03-01T00:00:00.000Z',
    });
    for (const name of names) for (const keyId of ['a/+=', 'b', 'a/+=']) await inventory.note(entry(name, keyId));
    const all = await collect(inventory.all());
    expect(all).toHaveLength(24);
    const order = all.filter((_, i) => i % 2 === 0).map(({ subject }) => locationKey(subject));
    expect(all.map(({ subject }) => locationKey(subject))).toEqual(order.flatMap((key) => [key, key]));
    for (const [i, after] of order.entries()) {
      const rest = await collect(inventory.all({ after }));
      expect(rest.map(({ subject }) => locationKey(subject))).toEqual(order.slice(i + 1).flatMap((key) => [key, key]));
    }
    expect((await inventory.of(subjectOf(kind, 'crypto 3'))).map(({ keyId }) => keyId)).toEqual(['a/+=', 'b']);
  });
});

describe.each(['memory', 'dynamodb'])('what was given for an image (%s)', (kind) => {
  it('is there once, by its content', async () => {
    const store = kind === 'memory' ? memoryMaterials() : dynamoMaterials(dynamo.table);
    const { registry, repository, digest } = subjectOf(kind, 'material');
    const material: Material = {
      subject: { registry, repository, digest },
      kind: 'tests',
      document: { key: 'k', digest: digestOf('d') },
      source: 'ci',
      receivedAt: '2026-03-01T00:00:00.000Z',
    };
    expect(await store.of(material.subject)).toEqual([]);
    await store.add(material);
    await store.add(material);
    await store.add({ ...material, kind: 'provenance' });
    expect((await store.of(material.subject)).map((one) => one.kind).sort()).toEqual(['provenance', 'tests']);
  });
});

describe.each(['memory', 'dynamodb'])('the register of keys (%s)', (kind) => {
  it('keeps what it first heard of a key, and its revocation', async () => {
    const register = kind === 'memory' ? memoryKeys() : dynamoKeys(dynamo.table);
    const key = {
      keyId: 'a/b+c=',
      pem: 'pem',
      algorithm: 'ml-dsa-65',
      purpose: 'post-quantum',
      resource: 'arn',
      firstUsedAt: '2026-03-01T00:00:00.000Z',
    } as const;
    await register.note(key);
    await register.note({ ...key, firstUsedAt: '2026-04-01T00:00:00.000Z' });
    expect(await register.all()).toEqual([key]);
    expect(await register.revoke('none', { at: key.firstUsedAt, reason: 'x' })).toBeUndefined();
    const revoked = { at: '2026-05-01T00:00:00.000Z', reason: 'lost' };
    expect(await register.revoke(key.keyId, revoked)).toEqual({ ...key, revoked });
    expect(await register.revoke(key.keyId, { at: '2026-06-01T00:00:00.000Z', reason: 'again' })).toEqual({
      ...key,
      revoked,
    });
    await register.note(key);
    expect(await register.all()).toEqual([{ ...key, revoked }]);
  });
});

it('a campaign goes on where it was, and begins anew when it is through', async () => {
  const progress = dynamoCampaign(dynamo.table);
  expect(await progress.after('k1 k2')).toBeUndefined();
  await progress.advance('k1 k2', 'r/app@sha256:0');
  expect(await progress.after('k1 k2')).toBe('r/app@sha256:0');
  expect(await progress.after('k3')).toBeUndefined();
  await progress.advance('k1 k2', undefined);
  expect(await progress.after('k1 k2')).toBeUndefined();
});
