import type { AdmissionRequest, NamedImage } from './model.ts';

/** Where a kind keeps the specification of its pods. `undefined`: it runs no pods that are known here. */
const POD_SPECS: ReadonlyMap<string, string> = new Map([
  ['Pod', '/spec'],
  ['PodTemplate', '/template/spec'],
  ['ReplicationController', '/spec/template/spec'],
  ['Deployment', '/spec/template/spec'],
  ['ReplicaSet', '/spec/template/spec'],
  ['StatefulSet', '/spec/template/spec'],
  ['DaemonSet', '/spec/template/spec'],
  ['Job', '/spec/template/spec'],
  ['CronJob', '/spec/jobTemplate/spec/template/spec'],
]);

const LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;
/** More are refused: a review that takes for ever would be let in or refused by the API server's own rule. */
const MOST_IMAGES = 200;

export type FoundImages =
  | { readonly kind: 'images'; readonly images: readonly NamedImage[] }
  /** Nothing of this request starts a container. */
  | { readonly kind: 'none' }
  /** It should have containers, and they cannot be read: not the same as having none. */
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Every image that the object of a request would run: containers of all three kinds, and images that are mounted. */
export function findImages(request: Pick<AdmissionRequest, 'kind' | 'operation' | 'object'>): FoundImages {
  if (request.operation === 'DELETE' || request.operation === 'CONNECT') return { kind: 'none' };
  const path = POD_SPECS.get(request.kind.kind);
  if (path === undefined) return { kind: 'none' };
  const spec = at(request.object, path);
  if (!isRecord(spec))
    return { kind: 'unreadable', detail: `${request.kind.kind} has no pod specification at ${path}` };
  const images: NamedImage[] = [];
  for (const list of LISTS) {
    const problem = readContainers(spec[list], `${path}/${list}`, images);
    if (problem !== undefined) return { kind: 'unreadable', detail: problem };
  }
  const problem = readVolumes(spec['volumes'], `${path}/volumes`, images);
  if (problem !== undefined) return { kind: 'unreadable', detail: problem };
  if (images.length > MOST_IMAGES) return { kind: 'unreadable', detail: `it names more than ${MOST_IMAGES} images` };
  return images.length === 0 ? { kind: 'none' } : { kind: 'images', images };
}

function readContainers(list: unknown, path: string, into: NamedImage[]): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return `${path} is not a list`;
  for (const [i, container] of list.entries()) {
    const image = isRecord(container) ? container['image'] : undefined;
    // A template may leave the image to a controller; then there is nothing to check, and nothing that runs either.
    if (image === undefined || image === '') continue;
    if (typeof image !== 'string') return `${path}/${i}/image is not a text`;
    into.push({ path: `${path}/${i}/image`, image });
  }
  return undefined;
}

/** Volumes of the kind "image" are pulled and mounted as containers' images are (Kubernetes, "Image volumes"). */
function readVolumes(list: unknown, path: string, into: NamedImage[]): string | undefined {
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return `${path} is not a list`;
  for (const [i, volume] of list.entries()) {
    const source = isRecord(volume) ? volume['image'] : undefined;
    const image = isRecord(source) ? source['reference'] : undefined;
    if (image === undefined || image === '') continue;
    if (typeof image !== 'string') return `${path}/${i}/image/reference is not a text`;
    into.push({ path: `${path}/${i}/image/reference`, image });
  }
  return undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function at(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const part of path.split('/').slice(1)) found = isRecord(found) ? found[part] : undefined;
  return found;
}
