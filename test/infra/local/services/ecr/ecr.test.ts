import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  type ImageIdentifier,
  ListImageReferrersCommand,
  ListImagesCommand,
  paginateDescribeImages,
  paginateListImages,
  StartImageScanCommand,
  UpdateImageStorageClassCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../../../infra/local/registry/index.ts';
import { type EcrService, openEcrService } from '../../../../../infra/local/services/ecr/index.ts';
import { manualClock } from '../../../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../../../lib/core/digest.ts';
import { createEcrControl } from '../../../../../lib/registry/adapters/ecr/ecr-control.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const accountId = '000000000000';
const region = 'eu-central-1';
const clock = manualClock('2026-01-01T00:00:00.000Z');
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
let directory: string;
let registry: EmbeddedRegistry;
let service: EcrService;
let server: ServiceServer;
let client: ECRClient;

const connect = (principal?: string) =>
  new ECRClient({ region, endpoint: server.endpoint, credentials: credentialsOf(principal), maxAttempts: 1 });
const open = () =>
  openEcrService({
    directory,
    clock,
    registries: (name) => (name === region ? { backend: registry.store, url: registry.url } : undefined),
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-ecr-'));
  registry = await startEmbeddedRegistry({ directory: join(directory, 'registry'), clock });
  service = await open();
  server = await startServiceServer({ services: [service] });
  client = connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

/** Pushes a blob over HTTP, as any client would. */
async function blob(repository: string, content: string): Promise<{ digest: Digest; size: number }> {
  const digest = digestOf(content);
  const begun = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', registry.url);
  location.searchParams.set('digest', digest);
  const put = await fetch(location, { method: 'PUT', body: content });
  expect(put.status).toBe(201);
  return { digest, size: content.length };
}

async function manifest(
  repository: string,
  body: object,
  mediaType: string,
  tags: readonly string[] = [],
): Promise<Digest> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...body }));
  const outcome = await registry.store.putManifest(repository, { bytes, mediaType, tags });
  if (outcome.outcome !== 'stored') throw new Error(JSON.stringify(outcome));
  return outcome.digest;
}

async function image(
  repository: string,
  name: string,
  tags: readonly string[] = [],
  more: object = {},
): Promise<Digest> {
  const config = await blob(repository, `{"name":"${name}"}`);
  const layer = await blob(repository, `layer of ${name}`);
  return manifest(
    repository,
    {
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
      ...more,
    },
    MANIFEST,
    tags,
  );
}

const index = (repository: string, children: readonly Digest[], tags: readonly string[]) =>
  manifest(
    repository,
    {
      manifests: children.map((digest) => ({
        mediaType: MANIFEST,
        digest,
        size: registry.store.findManifest(repository, digest)?.size,
      })),
    },
    INDEX,
    tags,
  );

const names = (ids: readonly ImageIdentifier[] | undefined) =>
  (ids ?? []).map(({ imageDigest, imageTag }) => `${imageTag ?? '-'} ${imageDigest}`).toSorted();

describe('repositories', () => {
  it('are made, described page by page, and deleted', async () => {
    for (const repositoryName of ['team/a', 'team/b', 'team/c']) {
      const { repository } = await client.send(new CreateRepositoryCommand({ repositoryName }));
      expect(repository).toMatchObject({
        repositoryArn: `arn:aws:ecr:${region}:${accountId}:repository/${repositoryName}`,
        repositoryUri: `127.0.0.1:${registry.port}/${repositoryName}`,
        createdAt: clock.now(),
      });
    }
    await expect(client.send(new CreateRepositoryCommand({ repositoryName: 'team/a' }))).rejects.toMatchObject({
      name: 'RepositoryAlreadyExistsException',
    });
    const first = await client.send(new DescribeRepositoriesCommand({ maxResults: 2 }));
    const second = await client.send(new DescribeRepositoriesCommand({ maxResults: 2, nextToken: first.nextToken }));
    expect(
      [first, second].map(({ repositories }) => repositories?.map(({ repositoryName }) => repositoryName)),
    ).toEqual([['team/a', 'team/b'], ['team/c']]);
    expect(second.nextToken).toBeUndefined();
    await image('team/c', 'c');
    const remove = (force?: boolean) =>
      client.send(new DeleteRepositoryCommand({ repositoryName: 'team/c', ...(force ? { force } : {}) }));
    await expect(remove()).rejects.toMatchObject({ name: 'RepositoryNotEmptyException' });
    await remove(true);
    await expect(client.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/c'] }))).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    });
  });

  it('refuse what would not be kept', async () => {
    const immutable = { repositoryName: 'team/d', imageTagMutability: 'IMMUTABLE' } as const;
    await expect(client.send(new CreateRepositoryCommand(immutable))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(client.send(new CreateRepositoryCommand({ repositoryName: 'Bad//Name' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(
      client.send(new StartImageScanCommand({ repositoryName: 'team/a', imageId: { imageTag: 'x' } })),
    ).rejects.toMatchObject({ name: 'UnknownOperationException' });
    await expect(
      client.send(new ListImagesCommand({ repositoryName: 'team/a', registryId: '111111111111' })),
    ).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
  });
});

describe('images', () => {
  it('are listed with their tags, page by page, and by tag status', async () => {
    const repositoryName = 'list';
    const tagged = await image(repositoryName, 'one', ['v1', 'latest']);
    const untagged = await image(repositoryName, 'two');
    const all = [`latest ${tagged}`, `v1 ${tagged}`, `- ${untagged}`].toSorted();
    const paged: ImageIdentifier[] = [];
    for await (const page of paginateListImages({ client, pageSize: 1 }, { repositoryName })) {
      expect(page.imageIds).toHaveLength(1);
      paged.push(...(page.imageIds ?? []));
    }
    expect(names(paged)).toEqual(all);
    const filtered = async (tagStatus: 'TAGGED' | 'UNTAGGED') =>
      names((await client.send(new ListImagesCommand({ repositoryName, filter: { tagStatus } }))).imageIds);
    expect(await filtered('UNTAGGED')).toEqual([`- ${untagged}`]);
    expect(await filtered('TAGGED')).toHaveLength(2);
    const archived = await client.send(new ListImagesCommand({ repositoryName, filter: { imageStatus: 'ARCHIVED' } }));
    expect(archived.imageIds).toEqual([]);
    await expect(client.send(new ListImagesCommand({ repositoryName, nextToken: 'made-up' }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(client.send(new ListImagesCommand({ repositoryName: 'no/such' }))).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    });
  });

  it('are described with sizes, types, subject and time', async () => {
    const repositoryName = 'describe';
    const small = await image(repositoryName, 'small', ['small']);
    const large = await image(repositoryName, 'a-much-larger-image');
    const both = await index(repositoryName, [small, large], ['both']);
    const subject = {
      mediaType: MANIFEST,
      digest: small,
      size: registry.store.findManifest(repositoryName, small)?.size,
    };
    const signature = await image(repositoryName, 'sig', [], { subject, artifactType: 'application/x-sig' });
    const { imageDetails } = await client.send(
      new DescribeImagesCommand({
        repositoryName,
        imageIds: [{ imageTag: 'small' }, { imageDigest: both }, { imageDigest: signature }],
      }),
    );
    const sizeOf = (name: string) => `{"name":"${name}"}`.length + `layer of ${name}`.length;
    expect(imageDetails).toMatchObject([
      {
        imageDigest: small,
        imageTags: ['small'],
        imageSizeInBytes: sizeOf('small'),
        imageManifestMediaType: MANIFEST,
        artifactMediaType: 'application/vnd.oci.image.config.v1+json',
        imagePushedAt: clock.now(),
        repositoryName,
        registryId: accountId,
      },
      { imageDigest: both, imageManifestMediaType: INDEX, imageSizeInBytes: sizeOf('a-much-larger-image') },
      { imageDigest: signature, artifactMediaType: 'application/x-sig', subjectManifestDigest: small },
    ]);
    expect(imageDetails?.[2]?.imageTags).toBeUndefined();
    let count = 0;
    for await (const page of paginateDescribeImages({ client, pageSize: 3 }, { repositoryName })) {
      count += page.imageDetails?.length ?? 0;
    }
    expect(count).toBe(4);
    await expect(
      client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: 'none' }] })),
    ).rejects.toMatchObject({ name: 'ImageNotFoundException' });

    const referrers = await client.send(
      new ListImageReferrersCommand({ repositoryName, subjectId: { imageDigest: small } }),
    );
    expect(referrers.referrers).toMatchObject([
      { digest: signature, mediaType: MANIFEST, artifactType: 'application/x-sig', artifactStatus: 'ACTIVE' },
    ]);
    const none = await client.send(
      new ListImageReferrersCommand({
        repositoryName,
        subjectId: { imageDigest: small },
        filter: { artifactTypes: ['application/other'] },
      }),
    );
    expect(none.referrers).toEqual([]);
  });

  it('are got byte for byte, each failure by itself', async () => {
    const repositoryName = 'get';
    const digest = await image(repositoryName, 'one', ['v1']);
    const other = await image(repositoryName, 'two', ['v2']);
    const got = await client.send(
      new BatchGetImageCommand({
        repositoryName,
        imageIds: [
          { imageTag: 'v1' },
          { imageDigest: digest },
          { imageTag: 'none' },
          { imageTag: 'v1', imageDigest: other },
          { imageDigest: 'sha256:short' },
          { imageTag: '-bad' },
          {},
        ],
      }),
    );
    expect(got.images?.map(({ imageId }) => imageId)).toEqual([
      { imageTag: 'v1', imageDigest: digest },
      { imageDigest: digest },
    ]);
    expect(digestOf(got.images?.[0]?.imageManifest ?? '')).toBe(digest);
    expect(got.failures?.map(({ failureCode }) => failureCode)).toEqual([
      'ImageNotFound',
      'ImageTagDoesNotMatchDigest',
      'InvalidImageDigest',
      'InvalidImageTag',
      'MissingDigestAndTag',
    ]);
    const many = Array.from({ length: 101 }, () => ({ imageTag: 'v1' }));
    await expect(client.send(new BatchGetImageCommand({ repositoryName, imageIds: many }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('lose a tag, or go with the last one, or stay while an index needs them', async () => {
    const repositoryName = 'delete';
    const remove = (...imageIds: ImageIdentifier[]) =>
      client.send(new BatchDeleteImageCommand({ repositoryName, imageIds }));
    const twice = await image(repositoryName, 'one', ['a', 'b']);
    expect((await remove({ imageTag: 'a' })).imageIds).toEqual([{ imageDigest: twice, imageTag: 'a' }]);
    expect(registry.store.findManifest(repositoryName, twice)?.tags).toEqual(['b']);
    expect((await remove({ imageTag: 'b' })).imageIds).toEqual([{ imageDigest: twice, imageTag: 'b' }]);
    expect(registry.store.findManifest(repositoryName, twice)).toBeUndefined();
    expect((await remove({ imageTag: 'b' })).failures).toMatchObject([
      { imageId: { imageTag: 'b' }, failureCode: 'ImageNotFound' },
    ]);

    const child = await image(repositoryName, 'child', ['arm']);
    const parent = await index(repositoryName, [child], ['multi', 'latest']);
    const early = await remove({ imageTag: 'arm' }, { imageDigest: child });
    expect(early.imageIds).toEqual([]);
    expect(early.failures?.map(({ failureCode }) => failureCode)).toEqual([
      'ImageReferencedByManifestList',
      'ImageReferencedByManifestList',
    ]);
    expect(early.failures?.[0]?.failureReason).toContain(parent);
    expect(registry.store.findManifest(repositoryName, 'arm')?.digest).toBe(child);
    const late = await remove({ imageDigest: parent }, { imageDigest: child });
    expect(late.failures).toEqual([]);
    expect(names(late.imageIds)).toEqual([`arm ${child}`, `latest ${parent}`, `multi ${parent}`].toSorted());
    expect(registry.store.listManifests(repositoryName)).toEqual([]);
  });
});

describe('authorization tokens', () => {
  it('are for the caller and the region, for twelve hours, over a restart', async () => {
    const role = connect('PushFunctionRole');
    const { authorizationData } = await role.send(new GetAuthorizationTokenCommand({}));
    role.destroy();
    const [data] = authorizationData ?? [];
    expect(data).toMatchObject({
      proxyEndpoint: registry.url,
      expiresAt: new Date(clock.now().getTime() + 12 * 60 * 60 * 1000),
    });
    const header = `Basic ${data?.authorizationToken}`;
    expect(Buffer.from(data?.authorizationToken ?? '', 'base64').toString()).toMatch(/^AWS:/);
    const holder = { principal: 'PushFunctionRole', region };
    expect(service.principalOfToken(header)).toEqual(holder);
    expect((await open()).principalOfToken(header)).toEqual(holder);
    expect(server.asked).toContain('ecr:GetAuthorizationToken *');

    clock.advance(12 * 60 * 60 * 1000 - 1);
    expect(service.principalOfToken(header)).toEqual(holder);
    clock.advance(1);
    expect(service.principalOfToken(header)).toBeUndefined();
  });

  it('are told from all others', async () => {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}));
    const token = authorizationData?.[0]?.authorizationToken ?? '';
    expect(service.principalOfToken(`Basic ${token}`)).toEqual({ principal: undefined, region });
    const password = Buffer.from(token, 'base64').toString().slice(4);
    const [claims = '', mac = ''] = password.split('.');
    const forged = Buffer.from(JSON.stringify({ p: 'Admin', r: region, e: 9e15 })).toString('base64url');
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    for (const header of [
      undefined,
      '',
      'Basic',
      `Bearer ${token}`,
      'Basic !!!',
      basic(`root:${password}`),
      basic('AWS:'),
      basic('AWS:x.y'),
      basic(`AWS:${forged}.${mac}`),
      basic(`AWS:${claims}.${mac}.`),
      basic(`AWS:${claims}.${mac.slice(0, -4)}`),
    ]) {
      expect(service.principalOfToken(header)).toBeUndefined();
    }
  });

  it('are only to be had where there is a registry', async () => {
    const elsewhere = new ECRClient({
      region: 'us-east-1',
      endpoint: server.endpoint,
      credentials: credentialsOf(),
      maxAttempts: 1,
    });
    await expect(elsewhere.send(new GetAuthorizationTokenCommand({}))).rejects.toMatchObject({
      name: 'ServerException',
    });
    elsewhere.destroy();
  });
});

it('asks IAM about the repository', async () => {
  server.asked.length = 0;
  const imageIds = [{ imageTag: 'v1' }];
  await client.send(new BatchGetImageCommand({ repositoryName: 'get', imageIds }));
  await client.send(new BatchDeleteImageCommand({ repositoryName: 'get', imageIds: [{ imageTag: 'none' }] }));
  await client.send(new DescribeRepositoriesCommand({}));
  expect(server.asked).toEqual([
    `ecr:BatchGetImage arn:aws:ecr:${region}:${accountId}:repository/get`,
    `ecr:BatchDeleteImage arn:aws:ecr:${region}:${accountId}:repository/get`,
    `ecr:DescribeRepositories arn:aws:ecr:${region}:${accountId}:repository/*`,
  ]);
});

describe('the archival storage class', () => {
  it('takes an image away from all who pull, with what refers to it, and gives it back', async () => {
    const repositoryName = 'archived';
    const subject = await image(repositoryName, 'cold', ['v1']);
    const size = registry.store.findManifest(repositoryName, subject)?.size ?? 0;
    const signature = await image(repositoryName, 'signature', [], {
      subject: { mediaType: MANIFEST, digest: subject, size },
    });
    const other = await image(repositoryName, 'warm', ['v2']);
    const update = (imageId: ImageIdentifier, targetStorageClass: 'ARCHIVE' | 'STANDARD') =>
      client.send(new UpdateImageStorageClassCommand({ repositoryName, imageId, targetStorageClass }));
    const listed = async (imageStatus?: 'ARCHIVED' | 'ANY') => {
      const input = { repositoryName, ...(imageStatus ? { filter: { imageStatus } } : {}) };
      const { imageIds = [] } = await client.send(new ListImagesCommand(input));
      return [...new Set(imageIds.map(({ imageDigest }) => imageDigest))].sort();
    };
    expect(await update({ imageTag: 'v1' }, 'ARCHIVE')).toMatchObject({
      imageId: { imageDigest: subject, imageTag: 'v1' },
      imageStatus: 'ARCHIVED',
    });
    expect(await listed()).toEqual([other]);
    expect(await listed('ARCHIVED')).toEqual([subject, signature].sort());
    expect(await listed('ANY')).toEqual([subject, signature, other].sort());
    const described = await client.send(
      new DescribeImagesCommand({ repositoryName, imageIds: [{ imageDigest: subject }] }),
    );
    expect(described.imageDetails?.[0]).toMatchObject({ imageStatus: 'ARCHIVED', imageTags: ['v1'] });
    expect(described.imageDetails?.[0]?.lastArchivedAt).toEqual(clock.now());
    const got = await client.send(new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: 'v1' }] }));
    expect(got).toMatchObject({ images: [], failures: [{ failureCode: 'ImageNotFound' }] });

    expect(await update({ imageDigest: subject }, 'STANDARD')).toMatchObject({ imageStatus: 'ACTIVE' });
    expect(await listed()).toEqual([subject, signature, other].sort());
    await expect(update({ imageTag: 'none' }, 'ARCHIVE')).rejects.toMatchObject({ name: 'ImageNotFoundException' });
    const archival = createEcrControl(client, undefined).archivalClass;
    expect(await archival.archive({ repository: repositoryName, digest: subject })).toBe('archived');
    expect(await archival.restore({ repository: repositoryName, reference: 'v1' })).toEqual({
      digest: subject,
      state: 'active',
    });
    expect(await archival.archive({ repository: repositoryName, digest: digestOf('none') })).toBe('unknown');
    expect(await archival.restore({ repository: repositoryName, reference: 'none' })).toBe('unknown');
  });
});
