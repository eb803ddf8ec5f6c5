import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpsPostOptions, httpsPost } from '../../../lib/notifications/adapters/https-post.ts';
import { logChannel } from '../../../lib/notifications/adapters/log-channel.ts';
import { webhookChannel } from '../../../lib/notifications/adapters/webhook-channel.ts';
import { describeEvent, type Notification } from '../../../lib/notifications/index.ts';
import { decided, location } from './support.ts';

const notification = describeEvent(decided('deny', ['has CVE-1'])) as Notification;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function receiver(answer: (response: ServerResponse) => void = (r) => void r.writeHead(204).end()) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

const channelTo = (url: string, options: HttpsPostOptions = {}, allowPrivate = true) =>
  webhookChannel({
    webhook: { name: 'ops', url, allowPrivate },
    secret: async () => 'secret',
    post: httpsPost({ allowInsecure: true, ...options }),
  });

describe('the webhook channel', () => {
  it('posts one signed CloudEvent', async () => {
    const { received, url } = await receiver();
    await channelTo(url).send(notification);
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }, ...more] = received;
    expect(more).toEqual([]);
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(headers['x-lading-signature']).toBe(`sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`);
    expect(JSON.parse(body.toString('utf8'))).toEqual({
      specversion: '1.0',
      id: notification.id,
      source: 'lading.policy',
      type: 'lading.gate-decided',
      time: '2026-04-04T04:04:04.000Z',
      subject: location,
      datacontenttype: 'application/json',
      severity: 'critical',
      correlationid: 'push-1',
      data: { title: notification.title, lines: ['has CVE-1', 'soon to be fixed'], event: notification.data },
    });
  });

  it.each([400, 401, 404, 410])('takes %i for a refusal', async (status) => {
    const { url } = await receiver((response) => void response.writeHead(status).end('no'));
    await expect(channelTo(url).send(notification)).rejects.toMatchObject({
      code: 'notification-refused',
      retryable: false,
    });
  });

  it.each([408, 425, 429, 500, 503])('takes %i for a failure that may pass', async (status) => {
    const { url } = await receiver((response) => void response.writeHead(status).end());
    await expect(channelTo(url).send(notification)).rejects.toMatchObject({
      code: 'notification-undelivered',
      retryable: true,
    });
  });

  it('follows no redirect', async () => {
    const elsewhere = await receiver();
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await receiver((response) => void response.writeHead(status, { location: elsewhere.url }).end());
      await expect(channelTo(url).send(notification)).rejects.toMatchObject({ code: 'notification-refused' });
    }
    expect(elsewhere.received).toEqual([]);
  });

  it('gives up on a receiver that does not answer', async () => {
    const { url } = await receiver(() => undefined);
    await expect(channelTo(url, { timeoutMs: 50 }).send(notification)).rejects.toMatchObject({
      code: 'notification-undelivered',
    });
    const never = { timeoutMs: 50, resolve: () => new Promise<never>(() => undefined) };
    await expect(channelTo('https://slow.example/', never).send(notification)).rejects.toMatchObject({
      retryable: true,
    });
  });

  it('does not read an answer without end', async () => {
    let written = 0;
    const { url } = await receiver((response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && written < 1e9 && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', more).on('error', () => undefined);
      more();
    });
    await channelTo(url).send(notification);
    expect(written).toBeLessThan(1e8);
  });

  it('tells of a receiver that is not there', async () => {
    await expect(channelTo('http://127.0.0.1:1/').send(notification)).rejects.toMatchObject({
      code: 'notification-undelivered',
    });
    const nowhere = { resolve: async () => Promise.reject(new Error('ENOTFOUND')) };
    await expect(channelTo('https://no.example/', nowhere).send(notification)).rejects.toMatchObject({
      retryable: true,
    });
  });
});

describe('where a notification may go', () => {
  it('goes by https only', async () => {
    const { received, url } = await receiver();
    await expect(channelTo(url, { allowInsecure: false }).send(notification)).rejects.toMatchObject({
      code: 'notification-refused',
    });
    expect(received).toEqual([]);
  });

  it('goes inside the network only where the configuration says so', async () => {
    const { received, url } = await receiver();
    await expect(channelTo(url, {}, false).send(notification)).rejects.toMatchObject({ code: 'notification-refused' });
    expect(received).toEqual([]);
  });

  it('connects to the address that was checked, and resolves no second time', async () => {
    const { received, url } = await receiver();
    let asked = 0;
    const resolve = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
    await channelTo(url.replace('127.0.0.1', 'receiver.example'), { resolve }).send(notification);
    expect(asked).toBe(1);
    expect(received[0]?.headers.host).toMatch(/^receiver\.example:/);
  });

  it('refuses a name of which any address is forbidden', async () => {
    const resolve = async () => [
      { address: '127.0.0.1', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ];
    await expect(channelTo('https://x.example/', { resolve }).send(notification)).rejects.toMatchObject({
      code: 'notification-refused',
    });
  });

  it.each([
    ['169.254.169.254', true],
    ['::ffff:169.254.169.254', true],
    ['64:ff9b::a9fe:a9fe', true],
    ['fd00:ec2::254', true],
    ['fe80::1%eth0', true],
    ['0.0.0.0', true],
    ['::', true],
    ['255.255.255.255', true],
    ['ff02::1', true],
    ['not an address', true],
    ['127.0.0.1', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['10.1.2.3', false],
    ['172.31.0.1', false],
    ['192.168.1.1', false],
    ['fd12::1', false],
  ])('calls nobody at %s, inside the network %s', async (address, allowPrivate) => {
    const post = httpsPost({ resolve: async () => [{ address, family: address.includes(':') ? 6 : 4 }] });
    const url = new URL('https://receiver.example/');
    await expect(post({ url, headers: {}, body: Buffer.of(1), allowPrivate })).rejects.toMatchObject({
      code: 'notification-refused',
    });
  });
});

describe('the log channel', () => {
  it('writes one structured line at the level of the severity, without the data', async () => {
    const lines: unknown[] = [];
    const sink = (level: string) => (message: string, fields: object) => void lines.push([level, message, fields]);
    const channel = logChannel({ info: sink('info'), warn: sink('warn'), error: sink('error') });
    await channel.send(notification);
    await channel.send({ ...notification, severity: 'warning' });
    const { data: _data, title, ...rest } = notification;
    expect(channel.name).toBe('log');
    expect(lines).toEqual([
      ['error', title, { notification: rest }],
      ['warn', title, { notification: { ...rest, severity: 'warning' } }],
    ]);
  });
});
