import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { type AwsReader, readAws } from '../../../lib/lifecycle/usage/read-aws.ts';
import { readDesiredState } from '../../../lib/lifecycle/usage/read-desired-state.ts';
import { readKubernetes } from '../../../lib/lifecycle/usage/read-kubernetes.ts';
import { reportUsage } from '../../../lib/lifecycle/usage/report-usage.ts';

const HOST = '111122223333.dkr.ecr.eu-central-1.amazonaws.com';
const sha = (name: string): string => digestOf(name);
const account = '111122223333';
const arn = (service: string, what: string) => `arn:aws:${service}:eu-central-1:${account}:${what}`;

/** Answers by operation, as the API references show them; what is asked for twice is answered page by page. */
function aws(
  answers: Readonly<Record<string, readonly unknown[]>>,
): AwsReader & { readonly asked: [string, unknown][] } {
  const asked: [string, unknown][] = [];
  const left = new Map(Object.entries(answers).map(([name, pages]) => [name, [...pages]]));
  const answer = async (name: string, input: unknown): Promise<unknown> => {
    asked.push([name, input]);
    const next = left.get(name)?.shift();
    if (next === undefined) throw new Error(`nobody expects ${name}`);
    return next;
  };
  return {
    asked,
    call: (_service, operation, input) => answer(operation, input),
    lambda: (path) => answer(path.replace(/\?.*/, '').replace(/\/functions\/.+/, '/functions/NAME'), path),
  };
}

describe('what runs in ECS', () => {
  const cluster = arn('ecs', 'cluster/MyCluster');
  const task = (name: string, container: object) => ({
    taskArn: arn('ecs', `task/MyCluster/${name}`),
    lastStatus: 'RUNNING',
    containers: [{ name: 'fargate-app', lastStatus: 'RUNNING', ...container }],
  });
  const answers = {
    ListClusters: [{ clusterArns: [cluster] }],
    ListTasks: [
      { taskArns: [arn('ecs', 'task/MyCluster/1')], nextToken: 'more' },
      { taskArns: [arn('ecs', 'task/MyCluster/2')] },
    ],
    DescribeTasks: [
      {
        tasks: [
          task('1', { image: `${HOST}/app:1`, imageDigest: sha('app') }),
          task('2', { image: 'public.ecr.aws/docker/library/httpd:latest' }),
        ],
        failures: [{ arn: arn('ecs', 'task/MyCluster/3'), reason: 'MISSING' }],
      },
    ],
    ListServices: [{ serviceArns: [arn('ecs', 'service/MyCluster/web')] }],
    DescribeServices: [
      {
        services: [
          {
            serviceArn: arn('ecs', 'service/MyCluster/web'),
            status: 'ACTIVE',
            desiredCount: 0,
            taskDefinition: arn('ecs', 'task-definition/web:8'),
            deployments: [
              { status: 'PRIMARY', taskDefinition: arn('ecs', 'task-definition/web:8') },
              { status: 'ACTIVE', taskDefinition: arn('ecs', 'task-definition/web:7') },
            ],
          },
        ],
        failures: [],
      },
    ],
    DescribeTaskDefinition: ['8', '7'].map((version) => ({
      taskDefinition: { containerDefinitions: [{ name: 'web', image: `${HOST}/web:${version}`, essential: true }] },
    })),
  };

  it('is its tasks by digest, and what its services would start, in all pages', async () => {
    const reader = aws(answers);
    expect(await readAws('ecs', reader)).toEqual([
      {
        image: `${HOST}/app:1`,
        digest: sha('app'),
        workload: { kind: 'ecs-task', name: arn('ecs', 'task/MyCluster/1') },
      },
      {
        image: 'public.ecr.aws/docker/library/httpd:latest',
        workload: { kind: 'ecs-task', name: arn('ecs', 'task/MyCluster/2') },
      },
      { image: `${HOST}/web:8`, workload: { kind: 'ecs-service', name: arn('ecs', 'service/MyCluster/web') } },
      { image: `${HOST}/web:7`, workload: { kind: 'ecs-service', name: arn('ecs', 'service/MyCluster/web') } },
    ]);
    expect(reader.asked.filter(([name]) => name === 'ListTasks')[1]?.[1]).toMatchObject({ cluster, nextToken: 'more' });
  });

  it('is unknown as a whole where one answer is missing or breaks off', async () => {
    const failed = { tasks: [], failures: [{ arn: 'x', reason: 'ACCESS_DENIED' }] };
    await expect(readAws('ecs', aws({ ...answers, DescribeTasks: [failed] }))).rejects.toMatchObject({
      code: 'usage-unreadable',
    });
    await expect(readAws('ecs', aws({ ...answers, DescribeServices: [{}] }))).rejects.toMatchObject({
      code: 'usage-unreadable',
    });
    await expect(readAws('ecs', aws({ ...answers, DescribeTaskDefinition: [] }))).rejects.toThrow('nobody expects');
  });
});

describe('what runs as', () => {
  it('a function, by the image that was resolved, in each of its versions', async () => {
    const name = arn('lambda', 'function:my-function:3');
    const reader = aws({
      '/2015-03-31/functions/': [
        {
          Functions: [{ FunctionName: 'zipped', FunctionArn: arn('lambda', 'function:zipped'), PackageType: 'Zip' }],
          NextMarker: 'm/1',
        },
        {
          Functions: [{ FunctionName: 'my-function', FunctionArn: name, PackageType: 'Image', Version: '3' }],
          NextMarker: null,
        },
      ],
      '/2015-03-31/functions/NAME': [
        {
          Configuration: {},
          Code: { RepositoryType: 'ECR', ImageUri: `${HOST}/fn:1`, ResolvedImageUri: `${HOST}/fn@${sha('fn')}` },
        },
      ],
    });
    expect(await readAws('lambda', reader)).toEqual([
      { image: `${HOST}/fn:1`, digest: sha('fn'), workload: { kind: 'lambda', name } },
    ]);
    expect(reader.asked.map(([, path]) => path)).toEqual([
      '/2015-03-31/functions/?FunctionVersion=ALL&MaxItems=50',
      '/2015-03-31/functions/?FunctionVersion=ALL&MaxItems=50&Marker=m%2F1',
      `/2015-03-31/functions/${encodeURIComponent(name)}`,
    ]);
  });

  it('a service of App Runner, paused ones too, and not what is built from source', async () => {
    const service = (name: string) => arn('apprunner', `service/${name}/1`);
    const reader = aws({
      ListServices: [
        {
          ServiceSummaryList: [
            { ServiceArn: service('a'), Status: 'PAUSED' },
            { ServiceArn: service('gone'), Status: 'DELETED' },
          ],
          NextToken: 'n',
        },
        { ServiceSummaryList: [{ ServiceArn: service('source'), Status: 'RUNNING' }] },
      ],
      DescribeService: [
        {
          Service: {
            SourceConfiguration: {
              ImageRepository: { ImageIdentifier: `${HOST}/a:latest`, ImageRepositoryType: 'ECR' },
            },
          },
        },
        { Service: { SourceConfiguration: { CodeRepository: { RepositoryUrl: 'https://github.com/x/y' } } } },
      ],
    });
    expect(await readAws('apprunner', reader)).toEqual([
      { image: `${HOST}/a:latest`, workload: { kind: 'app-runner', name: service('a') } },
    ]);
  });

  it('a model or an endpoint of SageMaker', async () => {
    const reader = aws({
      ListModels: [
        {
          Models: [
            { ModelName: 'one', ModelArn: 'x' },
            { ModelName: 'pipeline', ModelArn: 'y' },
          ],
        },
      ],
      DescribeModel: [
        { ModelName: 'one', PrimaryContainer: { Image: `${HOST}/infer:1` } },
        { ModelName: 'pipeline', Containers: [{ Image: `${HOST}/pre:1` }, { Image: `${HOST}/infer:2` }] },
      ],
      ListEndpoints: [{ Endpoints: [{ EndpointName: 'live', EndpointStatus: 'InService' }] }],
      DescribeEndpoint: [
        {
          ProductionVariants: [
            {
              VariantName: 'v',
              DeployedImages: [{ SpecifiedImage: `${HOST}/infer:1`, ResolvedImage: `${HOST}/infer@${sha('infer')}` }],
            },
          ],
        },
      ],
    });
    expect(
      (await readAws('sagemaker', reader)).map(({ image, digest, workload }) => [
        workload.kind,
        workload.name,
        image,
        digest,
      ]),
    ).toEqual([
      ['sagemaker-model', 'one', `${HOST}/infer:1`, undefined],
      ['sagemaker-model', 'pipeline', `${HOST}/pre:1`, undefined],
      ['sagemaker-model', 'pipeline', `${HOST}/infer:2`, undefined],
      ['sagemaker-endpoint', 'live', `${HOST}/infer:1`, sha('infer')],
    ]);
  });
});

describe('what a cluster runs', () => {
  const spec = (...images: string[]) => ({ containers: images.map((image, i) => ({ name: `c${i}`, image })) });
  const about = (name: string) => ({ metadata: { namespace: 'shop', name } });
  const lists: Record<string, unknown[]> = {
    '/api/v1/pods': [
      {
        ...about('web-1'),
        spec: { ...spec(`${HOST}/web:1`), initContainers: [{ name: 'i', image: `${HOST}/init:1` }] },
        status: {
          phase: 'Running',
          containerStatuses: [{ image: `${HOST}/web:1`, imageID: `${HOST}/web@${sha('web')}` }],
          initContainerStatuses: [
            { image: `${HOST}/init:1`, imageID: `docker-pullable://${HOST}/init@${sha('init')}` },
          ],
        },
      },
      { ...about('done-1'), spec: spec(`${HOST}/done:1`), status: { phase: 'Succeeded' } },
      {
        ...about('pending-1'),
        spec: spec('nginx'),
        status: { phase: 'Pending', containerStatuses: [{ image: 'nginx', imageID: '' }] },
      },
    ],
    '/apis/apps/v1/deployments': [
      { ...about('idle'), spec: { replicas: 0, template: { spec: spec(`${HOST}/idle:2`) } } },
    ],
    '/apis/apps/v1/statefulsets': [],
    '/apis/apps/v1/daemonsets': [
      { ...about('agent'), spec: { template: { spec: spec(`${HOST}/agent@${sha('agent')}`) } } },
    ],
    '/apis/batch/v1/jobs': [],
    '/apis/batch/v1/cronjobs': [
      {
        ...about('nightly'),
        spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: spec(`${HOST}/night:1`) } } } },
      },
    ],
  };
  const api = (change: (path: string) => unknown = () => undefined) => ({
    async get(path: string) {
      const [at = '', query = ''] = path.split('?');
      const changed = change(path);
      if (changed !== undefined) return changed;
      const items = lists[at] ?? [];
      // Two at a time, as the API server gives large lists.
      const from = Number(/continue=(\d+)/.exec(query)?.[1] ?? 0);
      return {
        kind: 'List',
        metadata: from + 2 < items.length ? { continue: String(from + 2) } : { continue: '' },
        items: items.slice(from, from + 2),
      };
    },
  });

  it('is its pods by digest, and what its controllers would start, also from nothing', async () => {
    const found = await readKubernetes(api());
    expect(
      found.map(
        ({ image, digest, workload }) => `${workload.kind} ${workload.name} ${image}${digest ? ` ${digest}` : ''}`,
      ),
    ).toEqual([
      `pod shop/web-1 ${HOST}/web@${sha('web')} ${sha('web')}`,
      `pod shop/web-1 ${HOST}/init@${sha('init')} ${sha('init')}`,
      `pod shop/web-1 ${HOST}/web:1`,
      `pod shop/web-1 ${HOST}/init:1`,
      'pod shop/pending-1 nginx',
      `deployment shop/idle ${HOST}/idle:2`,
      `daemon-set shop/agent ${HOST}/agent@${sha('agent')}`,
      `cron-job shop/nightly ${HOST}/night:1`,
    ]);
  });

  it.each<[string, (path: string) => unknown]>([
    ['is no list', (path) => (path.includes('cronjobs') ? { kind: 'Status', status: 'Failure' } : undefined)],
    ['holds what is no pod', (path) => (path.includes('pods') ? { items: [{ metadata: {} }] } : undefined)],
    ['does not end', (path) => (path.includes('pods') ? { metadata: { continue: 'x' }, items: [] } : undefined)],
  ])('is unknown as a whole where an answer %s', async (_what, change) => {
    await expect(readKubernetes(api(change))).rejects.toMatchObject({ code: 'usage-unreadable' });
  });
});

describe('a desired state', () => {
  const images = (...files: { path: string; text: string }[]) =>
    readDesiredState(files).images.map(({ image }) => image);

  it('is read from manifests, several in a file', () => {
    const text = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      initContainers: [{ name: i, image: r.example/init:1 }]
      containers:
        - name: web
          image: "r.example/web@${sha('web')}"
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
spec: { template: { spec: { containers: [{ image: r.example/rollout:2 }] } } }
`;
    expect(images({ path: 'web.yaml', text })).toEqual([
      'r.example/init:1',
      `r.example/web@${sha('web')}`,
      'r.example/rollout:2',
    ]);
  });

  it('is read from kustomizations, values of charts and compose files', () => {
    expect(
      images({
        path: 'kustomization.yaml',
        text: `images:\n- name: app\n  newName: r.example/app\n  newTag: v2\n- name: r.example/db\n  newTag: "1.20"\n- name: r.example/x\n  digest: ${sha('x')}\n`,
      }),
    ).toEqual(['r.example/app:v2', 'r.example/db:1.20', `r.example/x@${sha('x')}`]);
    expect(
      images(
        { path: 'charts/web/Chart.yaml', text: 'name: web\nappVersion: "3.1"\n' },
        {
          path: 'charts/web/values.yaml',
          text: `image:\n  registry: r.example\n  repository: team/web\n  pullPolicy: Always\nsidecar:\n  image: { repository: r.example/side, tag: 7, digest: "${sha('s')}" }\n`,
        },
      ),
    ).toEqual(['r.example/team/web:3.1', `r.example/side:7@${sha('s')}`]);
    expect(
      images({
        path: 'compose.yaml',
        text: 'services:\n  db: { image: postgres:16 }\n  own: { build: ., image: "r.example/own:$TAG" }\n',
      }),
    ).toEqual(['postgres:16']);
  });

  it('says which files it cannot read, and is not led astray by hostile ones', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`)
      .join('\n')}\n`;
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    const read = readDesiredState([
      { path: 'templates/web.yaml', text: 'image: {{ .Values.image }}\n  x: [' },
      { path: 'bomb.yaml', text: bomb },
      { path: 'deep.yaml', text: deep },
      { path: 'proto.yaml', text: '__proto__: { image: r.example/p:1 }\n' },
    ]);
    expect(read.unreadable).toContain('templates/web.yaml');
    expect(read.unreadable).toContain('bomb.yaml');
    expect(read.images.map(({ image }) => image)).toEqual(['r.example/p:1']);
    expect(({} as { image?: string }).image).toBeUndefined();
  });
});

describe('a report of what runs', () => {
  const of = { registry: HOST, repository: 'web' };
  const now = '2026-06-01T00:00:00.000Z';
  async function world() {
    const clock = manualClock(now);
    const catalog = memoryCatalog();
    const retention = memoryRetention(clock);
    for (const name of ['old', 'new']) {
      await catalog.enter({
        ...of,
        digest: digestOf(name),
        mediaType: 'x/y',
        artifactClass: 'image',
        children: [],
        layers: [],
        sizeBytes: 1,
        labels: {},
        pushedAt: now,
        firstSeenAt: now,
      });
    }
    await catalog.bindTag({ ...of, tag: '1', digest: digestOf('new'), boundAt: now });
    return {
      clock,
      catalog,
      retention,
      ports: { catalog, clock, leases: retention, usage: retention, quarantine: retention, collectors: retention },
    };
  }
  const workload = { kind: 'pod', name: 'shop/web-1' };
  const report = (more: object = {}) => ({
    collector: 'eks/prod',
    observedAt: now,
    complete: true,
    leaseHours: 48,
    images: [{ image: `${HOST}/web:1`, digest: digestOf('old') as string, workload }],
    ...more,
  });

  it('holds what runs and what its tag would start, and only then counts as heard', async () => {
    const { ports, retention } = await world();
    const result = await reportUsage(ports, report({ images: [...report().images, { image: 'nginx', workload }] }));
    expect(result).toMatchObject({ held: 2, unknown: 1, condemned: [] });
    expect(result.events.map(({ detailType }) => detailType)).toEqual(['Image In Use', 'Image In Use']);
    const leases = await retention.leases(of);
    expect(leases.map(({ digest }) => digest).sort()).toEqual([digestOf('old'), digestOf('new')].sort() as Digest[]);
    expect(leases[0]).toMatchObject({ reason: 'pod shop/web-1', until: '2026-06-03T00:00:00.000Z' });
    expect(await retention.lastReport('eks/prod')).toBe(now);
  });

  it('does not count where more of it is to follow, or where writing it failed', async () => {
    const { ports, retention } = await world();
    await reportUsage(ports, report({ complete: false }));
    expect(await retention.lastReport('eks/prod')).toBeUndefined();
    const failing = { ...ports, leases: { hold: () => Promise.reject(new Error('no table')) } };
    await expect(reportUsage(failing, report())).rejects.toThrow('no table');
    expect(await retention.lastReport('eks/prod')).toBeUndefined();
  });

  it('cannot be of tomorrow, and tells what came too late', async () => {
    const { ports, retention } = await world();
    await retention.condemn(of, digestOf('old'), 'plan');
    const result = await reportUsage(ports, report({ observedAt: '2030-01-01T00:00:00.000Z' }));
    expect(result.condemned).toEqual([`${HOST}/web@${digestOf('old')}`]);
    expect(await retention.lastReport('eks/prod')).toBe('2026-06-01T00:05:00.000Z');
  });
});
