import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  exampleDelivery,
  receiveWebhook,
  type SenderKind,
  senderKinds,
  type WebhookRequest,
} from '../../../lib/intake/index.ts';
import { keys, token } from './identity-tokens.ts';
import { bytesOf, DIGEST, HOST, hmac, NOW, ports, SECRET, sourceOf } from './support.ts';

/** Mutated requests over all senders; set LADING_WEBHOOK_MUTATIONS=100000 for the long run. */
const ROUNDS = Number(process.env.LADING_WEBHOOK_MUTATIONS ?? 5_000);
const SEED = Number(process.env.LADING_WEBHOOK_SEED ?? 20_260_508);

/** mulberry32: the same run for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const image = {
  ...{ registry: HOST, repository: 'team/app', tag: '1', digest: DIGEST },
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
};

interface Original {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function originalOf(kind: SenderKind): Original {
  if (kind !== 'google') {
    const example = exampleDelivery({ kind }, image, SECRET, { now: new Date(NOW), id: 'an id' });
    return { ...example, body: bytesOf(example.body) };
  }
  const data = { action: 'INSERT', digest: `${HOST}/team/app@${DIGEST}`, tag: `${HOST}/team/app:1` };
  const body = { message: { data: Buffer.from(JSON.stringify(data)).toString('base64'), publishTime: NOW } };
  return { headers: { authorization: `Bearer ${token()}` }, query: {}, body: bytesOf(body) };
}

/** Where each sender's proof is, and whether it covers the body. */
const proofs: Readonly<
  Record<SenderKind, { readonly in: 'headers' | 'query'; readonly name: string; readonly signs: boolean }>
> = {
  acr: { in: 'query', name: 'secret', signs: false },
  artifactory: { in: 'headers', name: 'x-jfrog-event-auth', signs: true },
  cloudevents: { in: 'headers', name: 'x-lading-signature', signs: true },
  distribution: { in: 'headers', name: 'authorization', signs: false },
  'docker-hub': { in: 'query', name: 'secret', signs: false },
  generic: { in: 'headers', name: 'x-lading-signature', signs: true },
  ghcr: { in: 'headers', name: 'x-hub-signature-256', signs: true },
  gitlab: { in: 'headers', name: 'authorization', signs: false },
  google: { in: 'headers', name: 'authorization', signs: false },
  harbor: { in: 'headers', name: 'authorization', signs: false },
  nexus: { in: 'headers', name: 'x-nexus-webhook-signature', signs: true },
  quay: { in: 'query', name: 'secret', signs: false },
};

const PIECES = [
  '"',
  '{',
  '}',
  '[]',
  'null',
  '-1e999',
  '\\u0000',
  '__proto__',
  '../',
  'http://169.254.169.254/',
  '\r\n',
  'ü',
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  '',
  '__proto__',
  [],
  {},
  [[]],
  'x'.repeat(3000),
  '\ud800',
];

/** One byte changed, a piece put in, taken out, or repeated; or, of JSON, one value for another. */
function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + random(12));
  const piece = (text: string) => Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at)]);
  switch (random(5)) {
    case 0: {
      const changed = Buffer.from(bytes);
      const where = Math.min(at, bytes.length - 1);
      changed[where] = (changed[where] as number) ^ (1 + random(255));
      return changed;
    }
    case 1:
      return piece(PIECES[random(PIECES.length)] as string);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    default:
      return mutateValue(bytes, random);
  }
}

function mutateValue(bytes: Buffer, random: (below: number) => number): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return Buffer.concat([bytes, Buffer.from('!')]);
  }
  let left = random(20);
  const walk = (node: unknown): unknown => {
    if (left-- === 0) return VALUES[random(VALUES.length)];
    if (Array.isArray(node)) return node.map(walk);
    if (node === null || typeof node !== 'object') return node;
    return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, walk(inner)]));
  };
  return Buffer.from(JSON.stringify(walk(value)) ?? '');
}

const requestOf = ({ headers, query, body }: Original): WebhookRequest => ({
  ...{ source: 'it', method: 'POST' as const, body },
  ...{ headers: new Map(Object.entries(headers)), query: new Map(Object.entries(query)) },
});

/** With a proof for whatever the body is, so that it is read. */
function proved(kind: SenderKind, original: Original, body: Buffer): Original {
  const proof = proofs[kind];
  if (!proof.signs) return { ...original, body };
  const hex = hmac(body, kind === 'nexus' ? 'sha1' : 'sha256');
  const prefix = kind === 'nexus' || kind === 'artifactory' ? '' : 'sha256=';
  return { ...original, body, headers: { ...original.headers, [proof.name]: `${prefix}${hex}` } };
}

describe(`${ROUNDS} mutated deliveries`, () => {
  const calls = vi.fn(() => Promise.reject(new Error('no URL may be called')));
  beforeAll(() => void vi.stubGlobal('fetch', calls));
  afterAll(() => void vi.unstubAllGlobals());

  it.each(senderKinds)('of %s are refused where the proof does not fit, and never fail', async (kind) => {
    const random = randomOf(SEED + senderKinds.indexOf(kind));
    const original = originalOf(kind);
    const source = sourceOf(kind, kind === 'artifactory' ? { repositoryInPath: true } : {});
    const given = ports(source, keys);
    expect((await receiveWebhook(given, requestOf(original))).kind).toBe('accepted');
    const counts = { refused: 0, accepted: 0, invalid: 0, repeated: 0, handshake: 0 };
    for (let i = 0; i < ROUNDS / senderKinds.length; i++) {
      const body = mutate(original.body, random);
      const { in: place, name, signs } = proofs[kind];
      const proof = Buffer.from(original[place][name] as string);
      const forged = mutate(proof, random);
      const forgery = { ...original, [place]: { ...original[place], [name]: forged.toString('latin1') } };
      if (!forged.equals(proof))
        expect(await receiveWebhook(given, requestOf(forgery)), `${kind} ${i}`).toEqual({ kind: 'refused' });
      if (signs && !body.equals(original.body)) {
        expect(await receiveWebhook(given, requestOf({ ...original, body })), `${kind} ${i}`).toEqual({
          kind: 'refused',
        });
      }
      counts[(await receiveWebhook(given, requestOf(proved(kind, original, body)))).kind]++;
    }
    expect(counts.refused).toBe(0);
    expect(counts.invalid + counts.accepted + counts.repeated).toBeGreaterThan(0);
    for (const { detail } of given.publisher.events) {
      expect(detail.data).toMatchObject({ subject: { registry: HOST } });
    }
    for (const asked of given.asked) expect(asked.startsWith(`${HOST}/`)).toBe(true);
    expect(calls).not.toHaveBeenCalled();
  });
});
