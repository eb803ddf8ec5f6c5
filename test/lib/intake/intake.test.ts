import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { parseEnvelope } from '../../../lib/events/index.ts';
import { memoryDeliveries } from '../../../lib/intake/adapters/memory-deliveries.ts';
import { readEcrEvent, receiveWebhook, type WebhookRequest } from '../../../lib/intake/index.ts';
import { memoryPublisher } from '../../support/memory-publisher.ts';

const digest = `sha256:${'3c94'.repeat(16)}`;

/** The shape of a real push event, as published in bug reports; ids and names are made up. */
function ecrEvent(detail: object, more: object = {}) {
  return parseEnvelope({
    version: '0',
    id: '4f5ec4d5-0000-4000-8000-000000000000',
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    time: '2026-05-08T15:13:09Z',
    region: 'eu-central-1',
    resources: [],
    detail: {
      'action-type': 'PUSH',
      result: 'SUCCESS',
      'repository-name': 'team/node',
      'image-digest': digest,
      ...detail,
    },
    ...more,
  });
}

describe('events of ECR', () => {
  it('become a push with the host that account and region give', () => {
    const reading = readEcrEvent(
      ecrEvent({ 'image-tag': '20', 'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json' }),
    );
    expect(reading).toMatchObject({
      kind: 'events',
      drafts: [
        {
          detailType: 'Image Pushed',
          data: {
            subject: {
              registry: '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
              repository: 'team/node',
              digest,
              tags: ['20'],
              mediaType: 'application/vnd.oci.image.manifest.v1+json',
            },
            origin: 'ecr',
            pushedAt: '2026-05-08T15:13:09.000Z',
          },
        },
      ],
    });
  });

  it.each([[{}], [{ 'image-tag': '' }]])('may have no tag (%j)', (detail) => {
    expect(readEcrEvent(ecrEvent(detail))).toMatchObject({ drafts: [{ data: { subject: { tags: [] } } }] });
  });

  it('name the domain of China there', () => {
    expect(readEcrEvent(ecrEvent({}, { region: 'cn-north-1' }))).toMatchObject({
      drafts: [{ data: { subject: { registry: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn' } } }],
    });
  });

  it('become a deletion', () => {
    expect(readEcrEvent(ecrEvent({ 'action-type': 'DELETE', 'image-tag': '20' }))).toMatchObject({
      drafts: [{ detailType: 'Image Deleted', data: { subject: { digest, tags: ['20'] } } }],
    });
  });

  it.each([
    [{ result: 'FAILURE' }, 'the result was FAILURE'],
    [{ 'image-digest': 'not hex' }, 'names no digest'],
    [{ 'action-type': 'UPDATE_STORAGE_CLASS' }, 'is not followed'],
  ])('that ask for nothing are ignored with the reason: %j', (detail, why) => {
    expect(readEcrEvent(ecrEvent(detail))).toMatchObject({ kind: 'ignored', why: expect.stringContaining(why) });
  });

  it('of another shape are an error, which ends in the dead-letter queue', () => {
    expect(() => readEcrEvent(ecrEvent({ 'repository-name': 7 }))).toThrow();
  });
});

const secret = 'a secret of the test';
const sign = (body: Uint8Array, key = secret): string =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

function webhook(payload: unknown, more: Partial<WebhookRequest> = {}): WebhookRequest {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { source: 'harbor', body, signature: sign(body), delivery: undefined, ...more };
}

function ports() {
  const clock = manualClock();
  const publisher = memoryPublisher();
  return {
    clock,
    publisher,
    deliveries: memoryDeliveries(clock),
    secretsOf: async (source: string) => (source === 'harbor' ? [secret, 'the one before'] : []),
    isConfigured: (registry: string) => registry === 'harbor.example',
    resolveTag: async ({ tag }: { tag: string }) => (tag === 'known' ? digest : undefined),
  };
}

const push = { events: [{ action: 'push', registry: 'harbor.example', repository: 'team/app', digest, tag: '1' }] };

describe('the webhook', () => {
  it('publishes what a signed delivery says', async () => {
    const given = ports();
    expect(await receiveWebhook(given, webhook(push))).toEqual({ kind: 'accepted', events: 1 });
    expect(given.publisher.events).toMatchObject([
      { detailType: 'Image Pushed', detail: { data: { origin: 'webhook', subject: { digest, tags: ['1'] } } } },
    ]);
  });

  it('accepts the secret before while it is being rotated', async () => {
    const request = webhook(push);
    const signature = sign(request.body, 'the one before');
    expect(await receiveWebhook(ports(), { ...request, signature })).toMatchObject({ kind: 'accepted' });
  });

  it('takes a delivery in once, whatever delivery id a replay claims for an equal one', async () => {
    const given = ports();
    await receiveWebhook(given, webhook(push, { delivery: 'one' }));
    expect(await receiveWebhook(given, webhook(push, { delivery: 'one' }))).toEqual({ kind: 'repeated' });
    expect(given.publisher.events).toHaveLength(1);
  });

  it('publishes again under the same id when it crashed before it noted the delivery', async () => {
    const given = ports();
    const record = given.deliveries.record;
    let crashed = false;
    const deliveries = {
      ...given.deliveries,
      record: async (...args: Parameters<typeof record>) => {
        if (!crashed) {
          crashed = true;
          throw new Error('crash');
        }
        return record(...args);
      },
    };
    await expect(receiveWebhook({ ...given, deliveries }, webhook(push))).rejects.toThrow('crash');
    await receiveWebhook({ ...given, deliveries }, webhook(push));
    const ids = given.publisher.events.map((event) => event.detail.metadata.id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('resolves a missing digest once, and says so when it cannot', async () => {
    const event = { action: 'push', registry: 'harbor.example', repository: 'team/app' };
    const given = ports();
    expect(await receiveWebhook(given, webhook({ events: [{ ...event, tag: 'known' }] }))).toMatchObject({ events: 1 });
    expect(await receiveWebhook(given, webhook({ events: [{ ...event, tag: 'absent' }] }))).toMatchObject({
      kind: 'invalid',
      problem: expect.stringContaining('names no digest'),
    });
  });

  it('refuses news of a registry that is not configured, since nobody may speak to it', async () => {
    const event = { ...push.events[0], registry: 'elsewhere.example' };
    expect(await receiveWebhook(ports(), webhook({ events: [event] }))).toEqual({
      kind: 'invalid',
      problem: 'the registry "elsewhere.example" is not configured',
    });
  });

  it.each<[string, Partial<WebhookRequest>]>([
    ['without signature', { signature: undefined }],
    ['with a wrong one', { signature: sign(Buffer.from('other')) }],
    ['with a malformed one', { signature: 'sha256=zz' }],
    ['of an unknown source', { source: 'nobody' }],
    ['with another secret', { signature: sign(webhook(push).body, 'guess') }],
  ])('refuses a delivery %s', async (_what, more) => {
    const given = ports();
    expect(await receiveWebhook(given, webhook(push, more))).toEqual({ kind: 'refused' });
    expect(given.publisher.events).toEqual([]);
  });

  it('refuses a body over the cap before it computes anything', async () => {
    const given = { ...ports(), secretsOf: () => Promise.reject(new Error('must not be asked')) };
    expect(await receiveWebhook(given, webhook('x'.repeat(300_000)))).toEqual({ kind: 'refused' });
  });

  it('never accepts a mutated body, and never fails on a signed one of any content', async () => {
    const original = webhook(push);
    await fc.assert(
      fc.asyncProperty(fc.nat(original.body.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const body = Buffer.from(original.body);
        body[at] = (body[at] as number) ^ flip;
        expect(await receiveWebhook(ports(), { ...original, body })).toEqual({ kind: 'refused' });
        const answer = await receiveWebhook(ports(), { ...original, body, signature: sign(body) });
        expect(['accepted', 'invalid']).toContain(answer.kind);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const answer = await receiveWebhook(ports(), webhook(JSON.stringify(value)));
        expect(answer.kind).toBe('invalid');
      }),
    );
  });
});
