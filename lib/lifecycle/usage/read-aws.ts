import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { UsedImage } from './model.ts';

/** Reading calls of AWS services, by the names of their API references. */
export interface AwsReader {
  /** One call of a service with the JSON protocol. @throws LadingError with the error's type as code */
  call(service: JsonService, operation: string, input: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** A GET of Lambda's REST API. */
  lambda(path: string): Promise<unknown>;
}
export type JsonService = 'ecs' | 'apprunner' | 'sagemaker';
export const awsUsageSources = ['ecs', 'lambda', 'apprunner', 'sagemaker'] as const;
export type AwsUsageSource = (typeof awsUsageSources)[number];

const MAX_PAGES = 10_000;
const SHA = /^sha256:[a-f0-9]{64}$/;

/**
 * Every image that a service of AWS runs or is to run, in one region. All or nothing.
 *
 * @throws LadingError the service's own, `usage-unreadable`
 */
export async function readAws(source: AwsUsageSource, reader: AwsReader): Promise<readonly UsedImage[]> {
  switch (source) {
    case 'ecs':
      return await readEcs(reader);
    case 'lambda':
      return await readLambda(reader);
    case 'apprunner':
      return await readAppRunner(reader);
    case 'sagemaker':
      return await readSageMaker(reader);
    default:
      return source satisfies never;
  }
}

const parse = <S extends z.ZodType>(schema: S, answer: unknown, what: string): z.infer<S> => {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new LadingError('usage-unreadable', `the answer to ${what} cannot be read: ${z.prettifyError(parsed.error)}`);
};

/** Everything of a list that comes in pages. */
async function all<T>(
  what: string,
  ask: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly next?: string | null | undefined }>,
): Promise<readonly T[]> {
  const found: T[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { items, next } = await ask(token);
    found.push(...items);
    if (!next) return found;
    token = next;
  }
  throw new LadingError('usage-unreadable', `${what} does not end`);
}

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

const nextToken = z.string().nullish();
/** What a Describe call leaves out although it was asked for: then nobody knows what it runs. `MISSING` is gone. */
const failures = z.array(z.object({ arn: z.string().optional(), reason: z.string().optional() })).default([]);

function refuseFailures(what: string, given: z.infer<typeof failures>): void {
  const failed = given.find(({ reason }) => reason !== 'MISSING');
  if (failed) throw new LadingError('usage-unreadable', `${what} does not tell of ${failed.arn}: ${failed.reason}`);
}

/** Amazon ECS API reference: ListClusters, ListTasks, DescribeTasks, ListServices, DescribeServices, DescribeTaskDefinition. */
async function readEcs({ call }: AwsReader): Promise<readonly UsedImage[]> {
  const list = (operation: string, key: string, input: object) =>
    all(operation, async (token) => {
      const answer = await call('ecs', operation, {
        ...input,
        maxResults: 100,
        ...(token ? { nextToken: token } : {}),
      });
      const read = parse(z.looseObject({ nextToken }), answer, operation);
      return { items: parse(z.array(z.string()), read[key], operation), next: read.nextToken };
    });
  const found: UsedImage[] = [];
  const definitions = new Map<string, string>();
  for (const cluster of await list('ListClusters', 'clusterArns', {})) {
    for (const tasks of chunks(await list('ListTasks', 'taskArns', { cluster }), 100)) {
      const read = parse(tasksSchema, await call('ecs', 'DescribeTasks', { cluster, tasks }), 'DescribeTasks');
      refuseFailures('DescribeTasks', read.failures);
      for (const { taskArn, containers } of read.tasks) {
        for (const { image, imageDigest } of containers) {
          if (!image) continue;
          const digest = imageDigest && SHA.test(imageDigest) ? { digest: imageDigest } : {};
          found.push({ image, ...digest, workload: { kind: 'ecs-task', name: taskArn } });
        }
      }
    }
    for (const services of chunks(await listServices(call, cluster), 10)) {
      const read = parse(
        servicesSchema,
        await call('ecs', 'DescribeServices', { cluster, services }),
        'DescribeServices',
      );
      refuseFailures('DescribeServices', read.failures);
      for (const { serviceArn, status, taskDefinition, deployments } of read.services) {
        if (status === 'INACTIVE') continue;
        for (const one of [taskDefinition, ...deployments.map((each) => each.taskDefinition)]) {
          if (one) definitions.set(one, serviceArn);
        }
      }
    }
  }
  for (const [taskDefinition, name] of definitions) {
    const answer = await call('ecs', 'DescribeTaskDefinition', { taskDefinition });
    const { containerDefinitions } = parse(definitionSchema, answer, 'DescribeTaskDefinition').taskDefinition;
    for (const { image } of containerDefinitions) {
      if (image) found.push({ image, workload: { kind: 'ecs-service', name } });
    }
  }
  return found;
}

/** ListServices gives at most ten at a time by default, and a hundred when asked. */
const listServices = (call: AwsReader['call'], cluster: string): Promise<readonly string[]> =>
  all('ListServices', async (token) => {
    const input = { cluster, maxResults: 100, ...(token ? { nextToken: token } : {}) };
    const schema = z.object({ serviceArns: z.array(z.string()), nextToken });
    const read = parse(schema, await call('ecs', 'ListServices', input), 'ListServices');
    return { items: read.serviceArns, next: read.nextToken };
  });

const tasksSchema = z.object({
  tasks: z.array(
    z.object({
      taskArn: z.string(),
      containers: z.array(z.object({ image: z.string().optional(), imageDigest: z.string().optional() })).default([]),
    }),
  ),
  failures,
});
const servicesSchema = z.object({
  services: z.array(
    z.object({
      serviceArn: z.string(),
      status: z.string().optional(),
      taskDefinition: z.string().optional(),
      deployments: z.array(z.object({ taskDefinition: z.string().optional() })).default([]),
    }),
  ),
  failures,
});
const definitionSchema = z.object({
  taskDefinition: z.object({ containerDefinitions: z.array(z.object({ image: z.string().optional() })).default([]) }),
});

/** AWS Lambda API reference: ListFunctions of all versions, and GetFunction for what was pulled. */
async function readLambda({ lambda }: AwsReader): Promise<readonly UsedImage[]> {
  const functions = await all('ListFunctions', async (token) => {
    const marker = token ? `&Marker=${encodeURIComponent(token)}` : '';
    const answer = await lambda(`/2015-03-31/functions/?FunctionVersion=ALL&MaxItems=50${marker}`);
    const read = parse(functionsSchema, answer, 'ListFunctions');
    return { items: read.Functions, next: read.NextMarker };
  });
  const found: UsedImage[] = [];
  for (const { PackageType, FunctionArn: name } of functions) {
    if (PackageType !== 'Image') continue;
    const answer = await lambda(`/2015-03-31/functions/${encodeURIComponent(name)}`);
    const { ImageUri, ResolvedImageUri } = parse(functionSchema, answer, 'GetFunction').Code;
    const resolved = ResolvedImageUri?.split('@')[1];
    const image = ImageUri ?? ResolvedImageUri;
    if (!image) throw new LadingError('usage-unreadable', `GetFunction does not tell the image of ${name}`);
    found.push({
      image,
      ...(resolved && SHA.test(resolved) ? { digest: resolved } : {}),
      workload: { kind: 'lambda', name },
    });
  }
  return found;
}

const functionsSchema = z.object({
  Functions: z.array(z.object({ FunctionArn: z.string(), PackageType: z.string().optional() })),
  NextMarker: nextToken,
});
const functionSchema = z.object({
  Code: z.object({ ImageUri: z.string().optional(), ResolvedImageUri: z.string().optional() }),
});

/** AWS App Runner API reference: ListServices, DescribeService. */
async function readAppRunner({ call }: AwsReader): Promise<readonly UsedImage[]> {
  const services = await all('ListServices', async (token) => {
    const answer = await call('apprunner', 'ListServices', { MaxResults: 20, ...(token ? { NextToken: token } : {}) });
    const read = parse(runnersSchema, answer, 'ListServices');
    return { items: read.ServiceSummaryList, next: read.NextToken };
  });
  const found: UsedImage[] = [];
  for (const { ServiceArn: name, Status } of services) {
    if (Status === 'DELETED') continue;
    const answer = await call('apprunner', 'DescribeService', { ServiceArn: name });
    const repository = parse(runnerSchema, answer, 'DescribeService').Service.SourceConfiguration.ImageRepository;
    // A service that is built from source has none.
    if (repository) found.push({ image: repository.ImageIdentifier, workload: { kind: 'app-runner', name } });
  }
  return found;
}

const runnersSchema = z.object({
  ServiceSummaryList: z.array(z.object({ ServiceArn: z.string(), Status: z.string().optional() })),
  NextToken: nextToken,
});
const runnerSchema = z.object({
  Service: z.object({
    SourceConfiguration: z.object({ ImageRepository: z.object({ ImageIdentifier: z.string() }).optional() }),
  }),
});

/** Amazon SageMaker API reference: ListModels, DescribeModel, ListEndpoints, DescribeEndpoint. */
async function readSageMaker({ call }: AwsReader): Promise<readonly UsedImage[]> {
  const list = (operation: string, key: string, name: string) =>
    all(operation, async (token) => {
      const answer = await call('sagemaker', operation, { MaxResults: 100, ...(token ? { NextToken: token } : {}) });
      const read = parse(z.looseObject({ NextToken: nextToken }), answer, operation);
      const items = parse(z.array(z.looseObject({ [name]: z.string() })), read[key], operation);
      return { items: items.map((item) => String(item[name])), next: read.NextToken };
    });
  const found: UsedImage[] = [];
  for (const ModelName of await list('ListModels', 'Models', 'ModelName')) {
    const read = parse(modelSchema, await call('sagemaker', 'DescribeModel', { ModelName }), 'DescribeModel');
    for (const one of [read.PrimaryContainer, ...read.Containers]) {
      if (one?.Image) found.push({ image: one.Image, workload: { kind: 'sagemaker-model', name: ModelName } });
    }
  }
  for (const EndpointName of await list('ListEndpoints', 'Endpoints', 'EndpointName')) {
    const answer = await call('sagemaker', 'DescribeEndpoint', { EndpointName });
    const { ProductionVariants } = parse(endpointSchema, answer, 'DescribeEndpoint');
    for (const { SpecifiedImage, ResolvedImage } of ProductionVariants.flatMap((one) => one.DeployedImages)) {
      const digest = ResolvedImage?.split('@')[1];
      const image = SpecifiedImage ?? ResolvedImage;
      if (!image) continue;
      const resolved = digest && SHA.test(digest) ? { digest } : {};
      found.push({ image, ...resolved, workload: { kind: 'sagemaker-endpoint', name: EndpointName } });
    }
  }
  return found;
}

const modelContainer = z.object({ Image: z.string().optional() });
const modelSchema = z.object({
  PrimaryContainer: modelContainer.optional(),
  Containers: z.array(modelContainer).default([]),
});
const endpointSchema = z.object({
  ProductionVariants: z
    .array(
      z.object({
        DeployedImages: z
          .array(z.object({ SpecifiedImage: z.string().optional(), ResolvedImage: z.string().optional() }))
          .default([]),
      }),
    )
    .default([]),
});
