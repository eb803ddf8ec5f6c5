import { describe, expect, it } from 'vitest';
import type { RegistryAccess, RegistryAction } from '../../../../infra/local/registry/index.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import { pushBlob, pushImage, pushManifest, startRegistry } from './support.ts';

const basic = (token: string): string => `Basic ${Buffer.from(`AWS:${token}`).toString('base64')}`;

/** Refuses everything without a token; writes down what was asked; grants by the table of the principal. */
function guard(grants: Readonly<Record<string, readonly string[]>>): RegistryAccess & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    authenticate: async (header) => {
      const name = Object.keys(grants).find((each) => header === basic(each));
      return name === undefined ? 'refused' : { principal: name };
    },
    authorize: (principal, action, repository) => {
      asked.push(`${action} ${repository}`);
      const granted = grants[principal ?? ''] ?? [];
      return granted.includes('*') || granted.includes(`${action} ${repository}`);
    },
  };
}

describe('access', () => {
  it('asks for Basic credentials as ECR does, before anything is told or taken', async () => {
    const { client, registry } = await startRegistry({ access: guard({ admin: ['*'] }) });
    for (const [method, path] of [
      ['GET', '/v2/'],
      ['POST', '/v2/a/blobs/uploads/'],
      ['GET', '/v2/a/manifests/latest'],
      ['GET', '/nowhere'],
    ] as const) {
      for (const headers of [{}, { authorization: basic('stranger') }]) {
        const answer = await client(method, path, { headers });
        expect(answer).toMatchObject({ status: 401, codes: ['UNAUTHORIZED'] });
        expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
      }
    }
    expect(registry.store.listRepositories()).toEqual([]);
    expect(await client('GET', '/v2/', { headers: { authorization: basic('admin') } })).toMatchObject({ status: 200 });
  });

  it('needs for each call what ECR needs', async () => {
    const access = guard({ admin: ['*'] });
    const { client } = await startRegistry({ access });
    const headers = { authorization: basic('admin') };
    const digest = digestOf('x');
    const cases: readonly (readonly [string, string, readonly RegistryAction[]])[] = [
      ['HEAD', `/v2/a/blobs/${digest}`, ['ecr:BatchCheckLayerAvailability']],
      ['GET', `/v2/a/blobs/${digest}`, ['ecr:GetDownloadUrlForLayer']],
      ['DELETE', `/v2/a/blobs/${digest}`, ['ecr:BatchDeleteImage']],
      ['POST', '/v2/a/blobs/uploads/', ['ecr:InitiateLayerUpload']],
      [
        'POST',
        `/v2/a/blobs/uploads/?digest=${digest}`,
        ['ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload'],
      ],
      ['PATCH', '/v2/a/blobs/uploads/1', ['ecr:UploadLayerPart']],
      ['PUT', '/v2/a/blobs/uploads/1', ['ecr:CompleteLayerUpload']],
      ['HEAD', '/v2/a/manifests/x', ['ecr:BatchGetImage']],
      ['GET', '/v2/a/manifests/x', ['ecr:BatchGetImage']],
      ['PUT', '/v2/a/manifests/x', ['ecr:PutImage']],
      ['DELETE', '/v2/a/manifests/x', ['ecr:BatchDeleteImage']],
      ['GET', '/v2/a/tags/list', ['ecr:ListImages']],
      ['GET', `/v2/a/referrers/${digest}`, ['ecr:ListImageReferrers']],
    ];
    for (const [method, path, actions] of cases) {
      access.asked.length = 0;
      await client(method, path, { headers });
      expect([method, path, access.asked]).toEqual([method, path, actions.map((action) => `${action} a`)]);
    }
    access.asked.length = 0;
    await client('GET', '/v2/_catalog', { headers });
    expect(access.asked).toEqual(['ecr:DescribeRepositories *']);
  });

  it('answers 403 and does nothing without the grant', async () => {
    const access = guard({ admin: ['*'], reader: ['ecr:BatchGetImage a'] });
    const { client, registry } = await startRegistry({ access });
    const as =
      (name: string): typeof client =>
      (method, path, options) =>
        client(method, path, { ...options, headers: { ...options?.headers, authorization: basic(name) } });
    const { digest, bytes } = await pushImage(as('admin'), 'a', 'v1');
    expect(await as('reader')('GET', '/v2/a/manifests/v1')).toMatchObject({ status: 200 });
    expect(await as('reader')('DELETE', '/v2/a/manifests/v1')).toMatchObject({ status: 403, codes: ['DENIED'] });
    expect(await pushManifest(as('reader'), 'a', 'v2', bytes)).toMatchObject({ status: 403 });
    expect(registry.store.listManifests('a')).toEqual([expect.objectContaining({ digest, tags: ['v1'] })]);
  });

  it('mounts only what the caller may read', async () => {
    const own = ['ecr:InitiateLayerUpload mine', 'ecr:GetDownloadUrlForLayer open'];
    const { client } = await startRegistry({ access: guard({ admin: ['*'], tenant: own }) });
    const as =
      (name: string): typeof client =>
      (method, path, options) =>
        client(method, path, { ...options, headers: { authorization: basic(name) } });
    const secret = await pushBlob(as('admin'), 'closed', 'secret');
    const shared = await pushBlob(as('admin'), 'open', 'shared');
    const mount = async (query: string) => (await as('tenant')('POST', `/v2/mine/blobs/uploads/?${query}`)).status;
    expect(await mount(`mount=${secret}&from=closed`)).toBe(202);
    expect(await mount(`mount=${secret}`)).toBe(202);
    expect(await mount(`mount=${shared}&from=open`)).toBe(201);
    expect(await mount(`mount=${shared}`)).toBe(201);
  });
});
