import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, ports, SECRET, sourceOf } from '../support.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const authorized = { headers: { authorization: SECRET } };
const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('acr'));

// learn.microsoft.com, "Azure Container Registry as an Event Grid source", "Webhook event delivery", "Using webhooks".
describe('Azure Container Registry', () => {
  const data = (action: string) => ({
    ...{ id: '31c51664-e5bd-416a-a5df-e5206bc47ed0', timestamp: '2018-04-25T21:39:47.276585742Z', action },
    target: {
      ...{
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        size: 3023,
        digest: DIGEST,
        length: 3023,
      },
      ...{ repository: 'aci-helloworld', tag: 'v1' },
    },
    request: { id: '7c66f28b', host: 'demo.azurecr.example', method: 'PUT', useragent: 'docker/18.03.0-ce' },
  });
  const source = '/subscriptions/x/resourceGroups/y/providers/Microsoft.ContainerRegistry/registries/demo';
  const grid = (eventType: string, body: unknown) => [
    {
      ...{ id: '831e1650-001e-001b-66ab-eeb76e069631', topic: source, subject: 'aci-helloworld:v1', eventType },
      ...{ eventTime: '2018-04-25T21:39:47.6549614Z', data: body, dataVersion: '1.0', metadataVersion: '1' },
    },
  ];
  const cloud = (type: string, body: unknown) => ({
    ...{ id: '831e1650-001e-001b-66ab-eeb76e069631', source, subject: 'aci-helloworld:v1', type },
    ...{ time: '2018-04-25T21:39:47.6549614Z', data: body, specversion: '1.0' },
  });
  const pushed = {
    ...{ event: 'Image Pushed', registry: HOST, repository: 'aci-helloworld', digest: DIGEST, tags: ['v1'] },
    pushedAt: '2018-04-25T21:39:47.276Z',
  };

  it.each([
    ['in the schema of Event Grid', grid('Microsoft.ContainerRegistry.ImagePushed', data('push'))],
    ['as a CloudEvent', cloud('Microsoft.ContainerRegistry.ImagePushed', data('push'))],
    ['as a batch of CloudEvents', [cloud('Microsoft.ContainerRegistry.ImagePushed', data('push'))]],
    ['by a webhook of the registry itself', data('push')],
  ])('tells a push %s', async (_how, body) => {
    expect((await deliver(to(), body, inUrl)).published).toMatchObject([pushed]);
    expect((await deliver(to(), body, authorized)).published).toHaveLength(1);
    expect((await deliver(to(), body, { query: { secret: 'guess' } })).answer).toEqual({ kind: 'refused' });
  });

  it('tells a deletion, whose tag may be left out', async () => {
    const gone = { ...data('delete'), target: { mediaType: MANIFEST, digest: DIGEST, repository: 'aci-helloworld' } };
    const body = grid('Microsoft.ContainerRegistry.ImageDeleted', gone);
    expect((await deliver(to(), body, inUrl)).published).toMatchObject([{ event: 'Image Deleted', tags: [] }]);
  });

  it('asks in the schema of Event Grid for its code, and gets it without any call to the URL beside', async () => {
    const body = grid('Microsoft.EventGrid.SubscriptionValidationEvent', {
      validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
      validationUrl: 'https://rp-eastus2.eventgrid.azure.example/eventsubscriptions/estest/validate?id=512d38b6',
    });
    const { answer } = await deliver(to(), body, inUrl);
    expect(answer).toMatchObject({
      kind: 'handshake',
      answer: { status: 200, body: '{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}' },
    });
    expect((await deliver(to(), body)).answer).toEqual({ kind: 'refused' });
  });

  it('asks by OPTIONS for CloudEvents, and is allowed where its name can stand in a header', async () => {
    const ask = (origin: string, query = inUrl.query) => ({
      ...{ method: 'OPTIONS' as const, query },
      headers: { 'webhook-request-origin': origin, 'webhook-request-callback': 'https://evil.example/' },
    });
    expect((await deliver(to(), '', ask('eventgrid.azure.example'))).answer).toMatchObject({
      kind: 'handshake',
      answer: { status: 200, headers: { 'webhook-allowed-origin': 'eventgrid.azure.example' } },
    });
    expect((await deliver(to(), '', ask('a\r\nset-cookie: x'))).answer).toEqual({ kind: 'refused' });
    expect((await deliver(to(), '', ask('a.example', { secret: 'guess' }))).answer).toEqual({ kind: 'refused' });
  });

  it.each([
    ['a chart', grid('Microsoft.ContainerRegistry.ChartPushed', { action: 'chart_push' }), 'not-an-image'],
    ['another event', grid('Microsoft.Storage.BlobCreated', {}), 'event-not-followed'],
    ['a ping', { id: 'a', timestamp: '2018-04-25T21:39:47Z', action: 'ping' }, 'connection-test'],
    ['a quarantine', data('quarantine'), 'event-not-followed'],
  ])('ignores %s', async (_what, body, reason) => {
    expect((await deliver(to(), body, inUrl)).answer).toEqual({ kind: 'accepted', events: 0, ignored: [reason] });
  });
});
