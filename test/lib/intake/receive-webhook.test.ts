import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiveWebhook } from '../../../lib/intake/index.ts';
import {
  bytesOf,
  DIGEST,
  deliver,
  HOST,
  hmac,
  ports,
  RESOLVED,
  request,
  SECRET,
  type Sent,
  sourceOf,
} from './support.ts';

const push = { events: [{ action: 'push', registry: HOST, repository: 'team/app', digest: DIGEST, tag: '1' }] };
const signed = (payload: unknown, more: Sent = {}, key = SECRET): Sent => ({
  ...more,
  headers: { 'x-lading-signature': `sha256=${hmac(payload, 'sha256', key)}`, ...more.headers },
});
const signedRequest = (payload: unknown) => request(payload, signed(payload));
const generic = () => ports(sourceOf('generic'));

describe('the webhook', () => {
  it('publishes what a signed delivery says', async () => {
    const given = generic();
    expect(await receiveWebhook(given, signedRequest(push))).toEqual({ kind: 'accepted', events: 1, ignored: [] });
    expect(given.publisher.events).toMatchObject([
      { detailType: 'Image Pushed', detail: { data: { origin: 'webhook', subject: { digest: DIGEST, tags: ['1'] } } } },
    ]);
  });

  it('takes the generic form of a source that the configuration does not name', async () => {
    const { answer } = await deliver(ports(undefined), push, signed(push, { source: 'unconfigured' }));
    expect(answer).toMatchObject({ kind: 'accepted', events: 1 });
  });

  it('lets a configured source leave out its registry, and speak of no other', async () => {
    const { registry: _, ...bare } = push.events[0] as Record<string, string>;
    const payload = { events: [bare] };
    expect(await deliver(generic(), payload, signed(payload))).toMatchObject({ published: [{ registry: HOST }] });
    const other = { events: [{ ...bare, registry: 'elsewhere.example' }] };
    expect(await deliver(generic(), other, signed(other))).toMatchObject({
      answer: { kind: 'invalid' },
      published: [],
    });
    const unnamed = signed(payload, { source: 'unconfigured' });
    expect((await deliver(ports(undefined), payload, unnamed)).answer).toMatchObject({ kind: 'invalid' });
  });

  it('accepts the secret before while it is being rotated', async () => {
    const { answer } = await deliver(generic(), push, signed(push, {}, 'the one before'));
    expect(answer).toMatchObject({ kind: 'accepted' });
  });

  it('takes a delivery in once, whatever delivery id a replay claims', async () => {
    const given = generic();
    await deliver(given, push, signed(push, { headers: { 'x-lading-delivery': 'one' } }));
    const again = signed(push, { headers: { 'x-lading-delivery': 'two' } });
    expect((await deliver(given, push, again)).answer).toEqual({ kind: 'repeated' });
    expect(given.publisher.events).toHaveLength(1);
  });

  it('takes an equal delivery for news when its tag names another digest by now', async () => {
    const given = generic();
    const payload = { events: [{ action: 'push', registry: HOST, repository: 'team/app', tag: 'latest' }] };
    await deliver(given, payload, signed(payload));
    const moved = { ...given, resolveTag: async () => DIGEST };
    const second = await deliver(moved, payload, signed(payload));
    expect(second.published).toMatchObject([{ digest: DIGEST }]);
  });

  it('publishes again under the same id when it crashed before it noted the delivery', async () => {
    const given = generic();
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
    await expect(receiveWebhook({ ...given, deliveries }, signedRequest(push))).rejects.toThrow('crash');
    await receiveWebhook({ ...given, deliveries }, signedRequest(push));
    const ids = given.publisher.events.map((event) => event.detail.metadata.id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('resolves a missing digest once, and says so when it cannot', async () => {
    const event = { action: 'push', registry: HOST, repository: 'team/app' };
    const given = generic();
    const twice = {
      events: [
        { ...event, tag: 'known' },
        { ...event, tag: 'known' },
      ],
    };
    expect(await deliver(given, twice, signed(twice))).toMatchObject({
      answer: { events: 2 },
      published: [{ digest: RESOLVED }, { digest: RESOLVED }],
    });
    expect(given.asked).toEqual([`${HOST}/team/app:known`]);
    const absent = { events: [{ ...event, tag: 'absent' }] };
    expect((await deliver(given, absent, signed(absent))).answer).toMatchObject({
      kind: 'invalid',
      problem: expect.stringContaining('names no digest'),
    });
  });

  it('never asks what the tag of a deletion or a pull names now', async () => {
    const given = generic();
    for (const action of ['delete', 'pull']) {
      const payload = { events: [{ action, repository: 'team/app', tag: '1' }] };
      expect((await deliver(given, payload, signed(payload))).answer).toMatchObject({ kind: 'invalid' });
    }
    expect(given.asked).toEqual([]);
  });

  it('believes no time in the future, which would outlast every later push of the tag', async () => {
    const payload = { events: [{ ...push.events[0], occurredAt: '2036-01-01T00:00:00Z' }] };
    const given = generic();
    expect(await deliver(given, payload, signed(payload))).toMatchObject({
      published: [{ pushedAt: given.clock.now().toISOString() }],
    });
  });

  it('refuses news of a registry that is not configured, since nobody may speak to it', async () => {
    const payload = { events: [{ ...push.events[0], registry: 'elsewhere.example' }] };
    const sent = signed(payload, { source: 'unconfigured' });
    expect((await deliver(ports(undefined), payload, sent)).answer).toEqual({
      kind: 'invalid',
      problem: 'the registry "elsewhere.example" is not configured',
    });
  });

  it.each<[string, Sent]>([
    ['without signature', {}],
    ['with a wrong one', signed('other')],
    ['with a malformed one', { headers: { 'x-lading-signature': 'sha256=zz' } }],
    ['with one in upper case', { headers: { 'x-lading-signature': `sha256=${hmac(push).toUpperCase()}` } }],
    ['with one of another form', { headers: { 'x-lading-signature': hmac(push) } }],
    ['of an unknown source', signed(push, { source: 'nobody' })],
    ['with another secret', signed(push, {}, 'guess')],
    ['with an empty secret', signed(push, {}, '')],
    ['with the secret in the URL, which is the proof of another sender', { query: { secret: SECRET } }],
    ['by OPTIONS', signed('', { method: 'OPTIONS', headers: { 'webhook-request-origin': 'a.example' } })],
  ])('refuses a delivery %s', async (_what, sent) => {
    const given = generic();
    expect(await deliver(given, push, sent)).toEqual({ answer: { kind: 'refused' }, published: [] });
  });

  it('refuses a body over the cap before it computes anything', async () => {
    const given = { ...generic(), secretsOf: () => Promise.reject(new Error('must not be asked')) };
    expect(await receiveWebhook(given, signedRequest('x'.repeat(300_000)))).toEqual({ kind: 'refused' });
  });

  it('never accepts a mutated body, and never fails on a signed one of any content', async () => {
    const original = bytesOf(push);
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const body = Buffer.from(original);
        body[at] = (body[at] as number) ^ flip;
        expect((await deliver(generic(), body, signed(original))).answer).toEqual({ kind: 'refused' });
        expect(['accepted', 'invalid']).toContain((await deliver(generic(), body, signed(body))).answer.kind);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify(value);
        expect((await deliver(generic(), text, signed(text))).answer.kind).toBe('invalid');
      }),
    );
  });
});
