import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, ports, SECRET, sourceOf } from '../support.ts';

const authorized = { headers: { authorization: SECRET } };
const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('harbor'));

// goharbor.io, "Configure Webhook Notifications", and the comment of Harbor's src/pkg/notifier/formats/cloudevents.go.
describe('Harbor', () => {
  const repository = {
    ...{ date_created: 1586922308, name: 'debian', namespace: 'test-webhook' },
    ...{ repo_full_name: 'test-webhook/debian', repo_type: 'private' },
  };
  const resource = { digest: DIGEST, tag: 'latest', resource_url: 'hub.harbor.example/test-webhook/debian:latest' };
  const payload = (type: string, more: object = {}) => ({
    ...{ type, occur_at: 1586922308, operator: 'admin' },
    event_data: { resources: [resource], repository, ...more },
  });

  it.each([
    ['PUSH_ARTIFACT', 'Image Pushed', { actor: 'admin', pushedAt: '2020-04-15T03:45:08.000Z' }],
    ['DELETE_ARTIFACT', 'Image Deleted', { deletedAt: '2020-04-15T03:45:08.000Z' }],
    ['PULL_ARTIFACT', 'Image Pulled', { pulledAt: '2020-04-15T03:45:08.000Z', actor: 'admin' }],
  ])('says %s in its default form', async (type, event, more) => {
    const { published } = await deliver(to(), payload(type), authorized);
    const at = { registry: HOST, repository: 'test-webhook/debian', digest: DIGEST, tags: ['latest'] };
    expect(published).toEqual([{ event, ...at, ...more }]);
  });

  it('has the digest for the tag of what was pushed by digest', async () => {
    const resources = [{ ...resource, tag: DIGEST }];
    const { published } = await deliver(to(), payload('PUSH_ARTIFACT', { resources }), authorized);
    expect(published).toMatchObject([{ digest: DIGEST, tags: [] }]);
  });

  it('says it as a CloudEvent', async () => {
    const event = {
      specversion: '1.0',
      requestid: '2eedfab8-61d3-4f3c-8ec3-8f82d1ec4c84',
      id: '4b2f89a6-548d-4c12-9993-a1f5790b97d2',
      source: '/projects/1/webhook/policies/3',
      type: 'harbor.artifact.pushed',
      datacontenttype: 'application/json',
      time: '2023-03-06T06:08:43Z',
      data: { resources: [resource], repository },
      operator: 'robot$library+ci',
    };
    const given = to();
    expect(await deliver(given, event, authorized)).toMatchObject({
      published: [{ event: 'Image Pushed', digest: DIGEST, pushedAt: '2023-03-06T06:08:43.000Z' }],
    });
    const pulled = { ...event, type: 'harbor.artifact.pulled' };
    expect((await deliver(given, pulled, authorized)).published).toMatchObject([{ actor: 'robot$library+ci' }]);
    const scanned = { ...event, type: 'harbor.scan.completed', data: { resources: [], repository } };
    expect((await deliver(given, scanned, authorized)).answer).toEqual({
      ...{ kind: 'accepted', events: 0, ignored: ['event-not-followed'] },
    });
  });

  it('is asked nothing about a replication, which names neither tag nor digest', async () => {
    const replication = {
      ...{ harbor_hostname: 'hub.harbor.example', job_status: 'Success', artifact_type: 'image' },
      successful_artifact: [{ type: 'image', status: 'Success', name_tag: 'alpine [1 item(s) in total]' }],
    };
    const body = { type: 'REPLICATION', occur_at: 1586922308, operator: 'MANUAL', event_data: { replication } };
    const given = to();
    expect((await deliver(given, body, authorized)).answer).toMatchObject({ ignored: ['event-not-followed'] });
    expect(given.asked).toEqual([]);
  });

  it('tells what is wrong with a body of another shape', async () => {
    const { answer } = await deliver(to(), payload('PUSH_ARTIFACT', { repository: {} }), authorized);
    expect(answer).toMatchObject({ kind: 'invalid', problem: expect.stringContaining('repo_full_name') });
  });

  it.each([
    [{ repository: { ...repository, repo_full_name: '../../etc/passwd' } }],
    [{ repository: { ...repository, repo_full_name: 'Team/App' } }],
    [{ repository: { ...repository, repo_full_name: '' } }],
    [{ resources: [{ ...resource, tag: 'a tag' }] }],
    [{ resources: [{ ...resource, tag: `${'x'.repeat(129)}` }] }],
  ])('is heard of no name that an image cannot have: %j', async (more) => {
    const { answer, published } = await deliver(to(), payload('PUSH_ARTIFACT', more), authorized);
    expect(answer).toEqual({ kind: 'accepted', events: 0, ignored: ['name-not-valid'] });
    expect(published).toEqual([]);
  });

  it.each([
    [{}],
    [{ headers: { authorization: '' } }],
    [{ headers: { authorization: 'Bearer ' } }],
    [{ headers: { authorization: 'Basic abc' } }],
    [inUrl],
  ])('is refused with %j', async (sent) => {
    expect((await deliver(to(), payload('PUSH_ARTIFACT'), sent)).answer).toEqual({ kind: 'refused' });
  });
});
