import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { UsedImage } from './model.ts';

/** Reads the Kubernetes API. Only `get` and `list` are ever asked for. */
export interface KubernetesReader {
  /** The answer to a GET of this path and query, parsed. @throws LadingError `kubernetes-unavailable` */
  get(path: string): Promise<unknown>;
}

const container = z.object({ name: z.string().optional(), image: z.string().optional() });
const podSpec = z.object({
  containers: z.array(container).default([]),
  initContainers: z.array(container).default([]),
  ephemeralContainers: z.array(container).default([]),
});
const containerStatus = z.object({ image: z.string().optional(), imageID: z.string().optional() });
const metadata = z.object({ name: z.string(), namespace: z.string().optional() });
const pod = z.object({
  metadata,
  spec: podSpec,
  status: z
    .object({
      phase: z.string().optional(),
      containerStatuses: z.array(containerStatus).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      ephemeralContainerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});
const template = z.object({ template: z.object({ spec: podSpec }) });
const workload = z.object({ metadata, spec: template });
const cronJob = z.object({ metadata, spec: z.object({ jobTemplate: z.object({ spec: template }) }) });
const page = z.object({
  metadata: z.object({ continue: z.string().optional() }).prefault({}),
  items: z.array(z.unknown()),
});

/** `docker-pullable://host/name@sha256:…` (dockershim), `host/name@sha256:…` (CRI); `sha256:…` alone is the config's id. */
const PULLED = /^(?:[a-z-]+:\/\/)?[^@\s]+@(sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128}))$/;

type Kind = { readonly kind: string; readonly path: string; images(item: unknown): readonly UsedImage[] };

const specImages = (kind: string, { namespace = '', name }: z.infer<typeof metadata>, spec: z.infer<typeof podSpec>) =>
  [...spec.containers, ...spec.initContainers, ...spec.ephemeralContainers].flatMap(({ image }): UsedImage[] =>
    image ? [{ image, workload: { kind, name: `${namespace}/${name}` } }] : [],
  );

function podImages(item: unknown): readonly UsedImage[] {
  const { metadata: about, spec, status } = pod.parse(item);
  // Kubernetes API reference, PodStatus: what has ended is not started again under that name.
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return [];
  const named = { kind: 'pod', name: `${about.namespace ?? ''}/${about.name}` };
  const statuses = [...status.containerStatuses, ...status.initContainerStatuses, ...status.ephemeralContainerStatuses];
  const running = statuses.flatMap(({ imageID = '' }): UsedImage[] => {
    const digest = PULLED.exec(imageID)?.[1];
    return digest ? [{ image: imageID.replace(/^[a-z-]+:\/\//, ''), digest, workload: named }] : [];
  });
  return [...running, ...specImages('pod', about, spec)];
}

const controller = (kind: string, path: string): Kind => ({
  kind,
  path,
  images(item) {
    const { metadata: about, spec } = workload.parse(item);
    return specImages(kind, about, spec.template.spec);
  },
});

/** Pods as they run, and what starts the next ones: also what is scaled to nothing will be started again. */
const kinds: readonly Kind[] = [
  { kind: 'pod', path: '/api/v1/pods', images: podImages },
  controller('deployment', '/apis/apps/v1/deployments'),
  controller('stateful-set', '/apis/apps/v1/statefulsets'),
  controller('daemon-set', '/apis/apps/v1/daemonsets'),
  controller('job', '/apis/batch/v1/jobs'),
  {
    kind: 'cron-job',
    path: '/apis/batch/v1/cronjobs',
    images(item) {
      const { metadata: about, spec } = cronJob.parse(item);
      return specImages('cron-job', about, spec.jobTemplate.spec.template.spec);
    },
  },
];

const PAGE = 500;
const MAX_PAGES = 2_000;

/**
 * Every image that a cluster runs or is to run. All or nothing: a list that breaks off tells nothing of the rest.
 *
 * @throws LadingError `kubernetes-unavailable`, `usage-unreadable`
 */
export async function readKubernetes(api: KubernetesReader): Promise<readonly UsedImage[]> {
  const found: UsedImage[] = [];
  for (const { path, kind, images } of kinds) {
    let next: string | undefined = '';
    for (let pages = 0; next !== undefined; pages++) {
      if (pages === MAX_PAGES) throw new LadingError('usage-unreadable', `the list of ${kind}s does not end`);
      const query: string = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      const parsed = page.safeParse(await api.get(`${path}?limit=${PAGE}${query}`));
      if (!parsed.success) throw unreadable(kind, parsed.error);
      for (const item of parsed.data.items) {
        try {
          found.push(...images(item));
        } catch (error) {
          throw unreadable(kind, error);
        }
      }
      // An empty token is the end, too (API concepts, "Retrieving large results sets in chunks").
      next = parsed.data.metadata.continue || undefined;
    }
  }
  return found;
}

const unreadable = (kind: string, cause: unknown): LadingError =>
  new LadingError('usage-unreadable', `what Kubernetes says of its ${kind}s cannot be read`, { cause });
