import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, hmac, ports, SECRET, sourceOf } from '../support.ts';

const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('cloudevents'));

// CloudEvents 1.0.2: JSON format, HTTP protocol binding, HTTP webhooks.
describe('a sender of CloudEvents', () => {
  const event = {
    ...{ specversion: '1.0', id: 'A234-1234-1234', source: '/registry', type: 'com.example.image.pushed' },
    ...{ time: '2026-04-05T17:31:00Z', data: { action: 'push', repository: 'team/app', digest: DIGEST, tag: '1' } },
  };
  const body = [event, { ...event, id: 'B', data: { events: [event.data, { ...event.data, tag: '2' }] } }];

  it.each([
    ['a signature', { headers: { 'x-lading-signature': `sha256=${hmac(body)}` } }],
    ['a bearer token', { headers: { authorization: `Bearer ${SECRET}` } }],
    ['the parameter of the URL', { query: { access_token: SECRET } }],
  ])('proves itself by %s, and sends one or many', async (_how, sent) => {
    const { published } = await deliver(to(), body, sent);
    expect(published).toMatchObject([{ tags: ['1'] }, { tags: ['1'] }, { tags: ['2'] }]);
    expect(published[0]).toMatchObject({ registry: HOST, digest: DIGEST, pushedAt: '2026-04-05T17:31:00.000Z' });
  });

  it('is refused without any', async () => {
    for (const sent of [{}, inUrl, { headers: { 'x-lading-signature': `sha256=${hmac('other')}` } }]) {
      expect((await deliver(to(), event, sent)).answer).toEqual({ kind: 'refused' });
    }
  });

  it('may ask first', async () => {
    const ask = { method: 'OPTIONS' as const, headers: { 'webhook-request-origin': 'eventemitter.example.com' } };
    expect((await deliver(to(), '', { ...ask, query: { access_token: SECRET } })).answer.kind).toBe('handshake');
    expect((await deliver(to(), '', ask)).answer).toEqual({ kind: 'refused' });
  });

  it('is told what is wrong', async () => {
    const query = { access_token: SECRET };
    const { answer } = await deliver(to(), { ...event, specversion: '0.3' }, { query });
    expect(answer).toMatchObject({ kind: 'invalid' });
    const other = await deliver(to(), { ...event, data: { action: 'scan' } }, { query });
    expect(other.answer).toMatchObject({ kind: 'invalid' });
  });
});
