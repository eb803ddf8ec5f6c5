import { join } from 'node:path';
import { describeError } from '../../lib/core/errors.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import {
  type EmbeddedRegistry,
  type RegistryAccess,
  type RegistryEvent,
  startEmbeddedRegistry,
} from './registry/index.ts';
import type { MirrorOptions } from './registry/mirror/mirror.ts';
import type { Recall } from './registry/recall.ts';
import { type EcrService, openEcrService, type StorageClassChange } from './services/ecr/index.ts';
import { openEcsService } from './services/ecs/index.ts';
import { openKmsService } from './services/kms/index.ts';
import { keySpec, keyUsage } from './services/kms/key-specs.ts';
import { openS3Service } from './services/s3/index.ts';
import { openSecretsManagerService } from './services/secrets-manager/index.ts';
import { openSsmService } from './services/ssm/index.ts';
import type { ExtraServices, ServiceContext } from './stack.ts';
import type { Backends } from './template/backends.ts';

/** The registry of one region, as the user reaches it. */
export interface RegionalRegistry {
  readonly region: string;
  /** Its name in references and events: the host that ECR would have. */
  readonly host: string;
  readonly registry: EmbeddedRegistry;
}

export interface AwsServicesOptions {
  /** One port per region, the primary one first; 0 or absent: chosen by the system. */
  readonly registryPorts?: readonly number[];
  /** What the registry of the primary region mirrors, told the registry's host. */
  readonly mirror?: (host: string) => MirrorOptions;
  /** Asked before a person or another program pulls an image. @default everything may be pulled */
  readonly pullGate?: PullGate;
  /** Brings back what was archived when it is pulled, told the registry's host. */
  readonly recall?: (host: string) => Recall;
  readonly onProblem: (what: string) => void;
}

/** Why an image may not be pulled, or `undefined`. */
export type PullGate = (image: ImageLocation) => Promise<string | undefined>;

/** Unreferenced content is swept this often, in milliseconds; the registry itself spares what is young. */
const GARBAGE_MS = 10 * 60 * 1000;

/**
 * The services that the template needs beside queues, tables and events: S3, KMS, secrets, parameters, and for each
 * region an embedded registry with ECR's control API over it. Pushes become ECR's events on the region's default bus.
 */
export class AwsServices {
  readonly #options: AwsServicesOptions;
  readonly registries: RegionalRegistry[] = [];

  constructor(options: AwsServicesOptions) {
    this.#options = options;
  }

  /** Opens all of it; handed to `startLocalStack` as `services`. */
  readonly open = async (context: ServiceContext): Promise<ExtraServices> => {
    const { dataDir, accountId, clock } = context;
    const folder = (name: string): string => join(dataDir, name);
    const s3 = await openS3Service({ directory: folder('s3'), clock });
    const kms = await openKmsService({ directory: folder('kms'), accountId, clock });
    const secrets = await openSecretsManagerService({ directory: folder('secrets'), accountId, clock });
    const ssm = await openSsmService({ directory: folder('ssm'), accountId, clock, sealer: kms.sealerFor('ssm') });
    const ecr = await openEcrService({
      directory: folder('ecr'),
      clock,
      registries: (region) => this.#ecrRegistry(region),
      onStorageClass: (change) => context.putEvent(change.region, toStorageClassEvent(change)),
    });
    const ecs = openEcsService({
      ...{ accountId, clock, putEvent: context.putEvent, machine: process.env },
      localise: (text) => this.#atRegistry(text),
      codeOf: (roleArn, name) => ({
        folder: context.codeFolder(name),
        environment: context.roleEnvironment(roleArn.split('/').at(-1) ?? ''),
        localise: context.localise,
      }),
      upload: async (roleArn, region, bucket, key, content) => {
        const principal = roleArn.split('/').at(-1) ?? '';
        const permission = { action: 's3:PutObject', resource: `arn:aws:s3:::${bucket}/${key}` };
        if (!context.authorize(principal, permission))
          throw new Error(`${principal} may not write to ${bucket}/${key}`);
        // The SDK takes long to load, and most stacks run no tasks.
        const { bucketClient } = await import('../../lib/aws/bucket-client.ts');
        const { s3Documents } = await import('../../lib/documents/adapters/s3-documents.ts');
        await s3Documents(bucketClient({ endpoint: context.endpoint, region }), bucket).put(key, content);
      },
    });
    try {
      await this.#startRegistries(context, ecr);
    } catch (error) {
      await this.#closeRegistries();
      throw error;
    }
    const garbage = setInterval(() => void this.#collectGarbage(), GARBAGE_MS);
    garbage.unref();
    return {
      services: [s3, kms, secrets, ssm, ecr, ecs],
      backends: { ...backendsOf({ s3, kms, secrets, ssm, registries: this.registries }), tasks: ecs },
      close: async () => {
        clearInterval(garbage);
        await this.#closeRegistries();
      },
    };
  };

  #ecrRegistry(region: string) {
    const found = this.registries.find((one) => one.region === region);
    return found && { backend: found.registry.store, url: found.registry.url };
  }

  /** An image's name as it is on this machine: clients speak http to "localhost" by themselves. */
  #atRegistry(text: string): string {
    for (const { host, registry } of this.registries) {
      if (text.includes(`${host}/`)) return text.replace(`${host}/`, `localhost:${new URL(registry.url).port}/`);
    }
    return text;
  }

  async #startRegistries(context: ServiceContext, ecr: EcrService): Promise<void> {
    for (const [i, region] of context.regions.entries()) {
      const host = `${context.accountId}.dkr.ecr.${region}.amazonaws.com`;
      const registry = await startEmbeddedRegistry({
        directory: join(context.dataDir, 'registry', region),
        port: this.#options.registryPorts?.[i] ?? 0,
        clock: context.clock,
        access: accessOf(context, { region, host, ecr, pullGate: this.#options.pullGate }),
        ...(i === 0 && this.#options.mirror ? { mirror: this.#options.mirror(host) } : {}),
        ...(this.#options.recall ? { recall: this.#options.recall(host) } : {}),
        onProblem: (error) => this.#options.onProblem(`the registry of ${region}: ${describeError(error)}`),
      });
      this.registries.push({ region, host, registry });
      registry.onEvent((event) => {
        void ecr.storageClasses.forget({ region, ...event });
        context.putEvent(region, toEcrEvent(event));
      });
    }
  }

  async #collectGarbage(): Promise<void> {
    for (const { registry, region } of this.registries) {
      await registry.store.collectGarbage().catch((error: unknown) => {
        this.#options.onProblem(`garbage of ${region}: ${describeError(error)}`);
      });
    }
  }

  async #closeRegistries(): Promise<void> {
    await Promise.all(this.registries.map(({ registry }) => registry.close()));
  }
}

interface AccessOptions {
  readonly region: string;
  readonly host: string;
  readonly ecr: EcrService;
  readonly pullGate: PullGate | undefined;
}

/** Functions come with ECR's token and have the rights of their role; who comes without is the developer. */
function accessOf(context: ServiceContext, { region, host, ecr, pullGate }: AccessOptions): RegistryAccess {
  return {
    async refusePull(principal, repository, digest) {
      // Our own functions work on what nobody may pull yet.
      return principal === undefined ? pullGate?.({ registry: host, repository, digest }) : undefined;
    },
    isArchived: (repository, digest) => ecr.storageClasses.isArchived({ region, repository, digest }),
    async authenticate(header) {
      if (header === undefined) return { principal: undefined };
      const holder = ecr.principalOfToken(header);
      // Clients send what they once stored for this address; whoever is at the machine needs no password.
      return { principal: holder?.principal };
    },
    authorize(principal, action, repository) {
      if (principal === undefined) return true;
      const resource = `arn:aws:ecr:${region}:${context.accountId}:repository/${repository}`;
      // Listing referrers has no action of its own: ECR asks for BatchGetImage (API reference, "ListImageReferrers").
      const asked = action === 'ecr:ListImageReferrers' ? 'ecr:BatchGetImage' : action;
      return context.authorize(principal, { action: asked, resource });
    },
  };
}

/** Amazon ECR user guide, "Sample events from Amazon ECR": `resources` is empty, and there is a tag or there is none. */
function toEcrEvent(event: RegistryEvent) {
  if (event.pulledFrom !== undefined) return toPullThroughEvent(event, event.pulledFrom);
  const detail = {
    'action-type': event.kind === 'push' ? 'PUSH' : 'DELETE',
    result: 'SUCCESS',
    'repository-name': event.repository,
    'image-digest': event.digest,
    ...(event.tag === undefined ? {} : { 'image-tag': event.tag }),
    ...(event.manifestMediaType === undefined ? {} : { 'manifest-media-type': event.manifestMediaType }),
    ...(event.artifactMediaType === undefined ? {} : { 'artifact-media-type': event.artifactMediaType }),
  };
  return { source: 'aws.ecr', detailType: 'ECR Image Action', detail, time: event.time };
}

/** The same page, "Event for an image storage class update"; of what refers to an image, "Event for a referrer action". */
function toStorageClassEvent({ repository, image, to, time }: StorageClassChange) {
  const [tag] = image.tags;
  const detail = {
    'action-type': 'UPDATE_STORAGE_CLASS',
    result: 'SUCCESS',
    'repository-name': repository,
    'image-digest': image.digest,
    'image-tag': tag ?? '',
    'target-storage-class': to,
    'manifest-media-type': image.mediaType,
    ...(image.artifactMediaType === undefined ? {} : { 'artifact-media-type': image.artifactMediaType }),
    ...(to === 'STANDARD' ? { 'last-activated-at': time.toISOString() } : {}),
  };
  return {
    source: 'aws.ecr',
    detailType: image.subject === undefined ? 'ECR Image Action' : 'ECR Referrer Action',
    detail,
    time,
  };
}

/** The same page, "Event for a pull through cache action". */
function toPullThroughEvent(event: RegistryEvent, { prefix, upstream }: NonNullable<RegistryEvent['pulledFrom']>) {
  const detail = {
    'rule-version': '1',
    'sync-status': 'SUCCESS',
    'ecr-repository-prefix': prefix,
    'repository-name': event.repository,
    'upstream-registry-url': upstream,
    'image-digest': event.digest,
    ...(event.tag === undefined ? {} : { 'image-tag': event.tag }),
  };
  return { source: 'aws.ecr', detailType: 'ECR Pull Through Cache Action', detail, time: event.time };
}

interface Opened {
  readonly s3: Awaited<ReturnType<typeof openS3Service>>;
  readonly kms: Awaited<ReturnType<typeof openKmsService>>;
  readonly secrets: Awaited<ReturnType<typeof openSecretsManagerService>>;
  readonly ssm: Awaited<ReturnType<typeof openSsmService>>;
  readonly registries: readonly RegionalRegistry[];
}

function backendsOf({ s3, kms, secrets, ssm, registries }: Opened): Backends {
  return {
    buckets: s3,
    keys: {
      createKey: ({ keySpec: spec, keyUsage: usage, ...key }) =>
        kms.createKey({ ...key, keySpec: keySpec.parse(spec), keyUsage: keyUsage.parse(usage) }),
      createAlias: (alias) => kms.createAlias(alias),
    },
    secrets: {
      createSecret: ({ region, name, description, value, generate }) =>
        secrets.createSecret({
          region,
          name,
          ...(description === undefined ? {} : { description }),
          ...(value === undefined ? {} : { secretString: value }),
          ...(generate === undefined ? {} : { generateSecretString: inCamelCase(generate) }),
        }),
    },
    parameters: {
      async createParameter({ region, name, type, value }) {
        await ssm.putParameter({ region, name, type: type === 'StringList' ? 'StringList' : 'String', value });
      },
    },
    repositories: {
      async createRepository({ region, name }) {
        await registries.find((one) => one.region === region)?.registry.store.createRepository(name);
      },
      createRepositoryTemplate: async () => undefined,
    },
  };
}

/** The template writes properties with a capital first letter. */
const inCamelCase = (properties: object): Readonly<Record<string, never>> =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, value as never]),
  );
