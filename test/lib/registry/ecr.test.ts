import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchDeleteImageCommand,
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { openEcrRegistry } from '../../../lib/registry/adapters/ecr.ts';
import type { HttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { registriesConfigSchema } from '../../../lib/registry/config.ts';
import type { EcrEntry } from '../../../lib/registry/model.ts';
import { codeOf, pushImage } from '../../contract/registry.contract.ts';
import { scriptedServer } from './http/scripted-server.ts';

const host = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const entryOf = (more: object = {}): EcrEntry => {
  const [entry] = registriesConfigSchema.parse({
    entries: [{ kind: 'ecr', host, region: 'eu-central-1', account: '123456789012', ...more }],
  }).entries;
  if (entry?.kind !== 'ecr') throw new Error('no ECR entry');
  return entry;
};

type Command = { readonly input: Readonly<Record<string, unknown>> };
type Answer = (command: Command) => object;

/** An SDK client whose calls end in a table of answers; it is the real class, for the paginators insist on it. */
function clientWith(answers: ReadonlyMap<unknown, Answer>) {
  const calls: Command[] = [];
  const client = new ECRClient({ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.send = (async (command: Command) => {
    calls.push(command);
    const answer = answers.get(command.constructor);
    if (answer === undefined) throw new Error(`unexpected ${command.constructor.name}`);
    return answer(command);
  }) as never;
  return { client, calls };
}

const named = (name: string) => Object.assign(new Error(`${name} happened`), { name });
const token = (endpoint: string, expiresAt = new Date(Date.now() + 43_200_000), password = 'pw'): [unknown, Answer] => [
  GetAuthorizationTokenCommand,
  () => ({
    authorizationData: [
      { authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'), proxyEndpoint: endpoint, expiresAt },
    ],
  }),
];

describe('ECR', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-ecr-'));
  let server: EmbeddedRegistry;
  const opened: HttpRegistry[] = [];
  beforeAll(async () => {
    server = await startEmbeddedRegistry({ directory: folder });
  });
  afterEach(() => {
    for (const registry of opened.splice(0)) registry.close();
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = async (answers: readonly (readonly [unknown, Answer])[], more?: object) => {
    const { client, calls } = clientWith(new Map([token(server.url), ...answers]));
    const registry = await openEcrRegistry({ entry: entryOf(more), client });
    opened.push(registry);
    return { registry, calls };
  };

  it('is spoken to where the control plane says, under its own name', async () => {
    const { registry } = await open([]);
    expect(registry.host).toBe(host);
    const image = await pushImage(registry, 'team/app', 'v1');
    expect(await registry.headManifest({ repository: 'team/app', reference: 'v1' })).toMatchObject({
      digest: image.digest,
    });
  });

  it('lists tags and repositories by its own API, page by page', async () => {
    const { registry, calls } = await open([
      [
        ListImagesCommand,
        ({ input }) =>
          input.nextToken === undefined
            ? { imageIds: [{ imageTag: 'a' }, { imageDigest: 'x' }], nextToken: 'more' }
            : { imageIds: [{ imageTag: 'b' }] },
      ],
      [DescribeRepositoriesCommand, () => ({ repositories: [{ repositoryName: 'team/app' }] })],
    ]);
    expect(await Array.fromAsync(registry.listTags('team/app'))).toEqual(['a', 'b']);
    expect(await Array.fromAsync(registry.listRepositories())).toEqual(['team/app']);
    expect(calls[1]?.input).toMatchObject({ registryId: '123456789012', filter: { tagStatus: 'TAGGED' } });
  });

  it('tells images with and without tag, and leaves out what has no digest', async () => {
    const imageDigest = digestOf('x');
    const imageIds = [{ imageTag: 'a', imageDigest }, { imageDigest }, { imageTag: 'b' }, { imageDigest: 'sha256:no' }];
    const { registry, calls } = await open([[ListImagesCommand, () => ({ imageIds })]]);
    expect(await Array.fromAsync(registry.listImages?.('team/app') ?? [])).toEqual([
      { digest: imageDigest, tag: 'a' },
      { digest: imageDigest },
    ]);
    expect(calls[1]?.input.filter).toBeUndefined();
  });

  it('has no tags in a repository that does not exist', async () => {
    const { registry } = await open([
      [
        ListImagesCommand,
        () => {
          throw named('RepositoryNotFoundException');
        },
      ],
    ]);
    expect(await Array.fromAsync(registry.listTags('nope'))).toEqual([]);
  });

  it('deletes by its own API, and says what it refused', async () => {
    let failures: object[] = [];
    const { registry, calls } = await open([[BatchDeleteImageCommand, () => ({ failures })]]);
    const at = { repository: 'team/app', digest: digestOf('x') };
    expect(await registry.deleteManifest(at)).toBe(true);
    expect(calls.at(-1)?.input).toMatchObject({ imageIds: [{ imageDigest: at.digest }], repositoryName: 'team/app' });
    expect(await registry.deleteTag({ repository: 'team/app', tag: 'v1' })).toBe(true);
    expect(calls.at(-1)?.input).toMatchObject({ imageIds: [{ imageTag: 'v1' }] });
    failures = [{ failureCode: 'ImageNotFound' }];
    expect(await registry.deleteManifest(at)).toBe(false);
    failures = [{ failureCode: 'ImageReferencedByManifestList', failureReason: 'listed' }];
    await expect(registry.deleteManifest(at)).rejects.toMatchObject({
      code: 'registry-refused',
      hint: 'delete the index that lists it first',
    });
  });

  it('tells denied from later', async () => {
    let error = named('AccessDeniedException');
    const { registry } = await open([
      [
        BatchDeleteImageCommand,
        () => {
          throw error;
        },
      ],
    ]);
    const remove = () => registry.deleteTag({ repository: 'a', tag: 'b' });
    expect(await codeOf(remove())).toBe('registry-denied');
    error = named('ThrottlingException');
    await expect(remove()).rejects.toMatchObject({ code: 'registry-unavailable', retryable: true });
  });

  it('makes a repository at the first push, where the entry says so', async () => {
    await using strict = await scriptedServer();
    const made: string[] = [];
    strict.answer((request, response) => {
      const body = JSON.stringify({ errors: [{ code: 'NAME_UNKNOWN', message: 'no such repository' }] });
      if (made.length === 0) response.writeHead(404).end(body);
      else if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
      else response.writeHead(201).end();
    });
    const create: [unknown, Answer] = [
      CreateRepositoryCommand,
      ({ input }) => made.push(String(input.repositoryName)) && {},
    ];
    const content = Buffer.from('x');
    async function* once() {
      yield content;
    }
    const put = async (createRepositories: boolean) => {
      const { client } = clientWith(new Map([token(strict.url.href), create]));
      const registry = await openEcrRegistry({ entry: entryOf({ createRepositories }), client });
      opened.push(registry);
      return codeOf(registry.putBlob({ repository: 'team/new', digest: digestOf(content), size: 1, content: once() }));
    };
    expect(await put(false)).toBe('repository-unknown');
    expect(await put(true)).toBe('no error');
    expect(made).toEqual(['team/new']);
  });

  it('renews its token before the end, once for all who wait', async () => {
    await using strict = await scriptedServer();
    const clock = manualClock();
    let n = 0;
    const answer: [unknown, Answer] = [
      GetAuthorizationTokenCommand,
      (command) => token(strict.url.href, new Date(clock.now().getTime() + 43_200_000), `pw${n++}`)[1](command),
    ];
    const { client, calls } = clientWith(new Map([answer]));
    const registry = await openEcrRegistry({ entry: entryOf(), client, clock });
    opened.push(registry);
    const head = () => registry.headManifest({ repository: 'a', reference: 'b' });
    await Promise.all([head(), head(), head()]);
    expect(calls).toHaveLength(1);
    clock.advance(43_200_000 - 60_000);
    await Promise.all([head(), head(), head()]);
    expect(calls).toHaveLength(2);
    const sent = strict.requests.map((r) => Buffer.from(r.authorization?.slice(6) ?? '', 'base64').toString());
    expect(sent).toEqual(['AWS:pw0', 'AWS:pw0', 'AWS:pw0', 'AWS:pw1', 'AWS:pw1', 'AWS:pw1']);
  });

  it('uses the host of its entry where the endpoint is that of an AWS account', async () => {
    const { client } = clientWith(new Map([token('https://999999999999.dkr.ecr.eu-central-1.amazonaws.com')]));
    let asked = '';
    const resolve = ((name: string, _options: unknown, callback: (error: Error) => void) => {
      asked = name;
      callback(new Error('not in a test'));
    }) as never;
    const registry = await openEcrRegistry({
      entry: entryOf(),
      client,
      transport: { resolve },
      retry: { attempts: 1 },
    });
    opened.push(registry);
    await codeOf(registry.headManifest({ repository: 'a', reference: 'b' }));
    expect(asked).toBe(host);
  });

  it.each([
    ['no data', {}],
    ['no endpoint', { authorizationData: [{ authorizationToken: 'QVdTOnB3' }] }],
    [
      'a token with a line break',
      { authorizationData: [{ authorizationToken: 'a\r\nb', proxyEndpoint: 'https://x.example' }] },
    ],
  ])('refuses an authorization with %s', async (_, answer) => {
    const { client } = clientWith(new Map([[GetAuthorizationTokenCommand, () => answer]]));
    expect(await codeOf(openEcrRegistry({ entry: entryOf(), client }))).toBe('registry-protocol');
  });
});
