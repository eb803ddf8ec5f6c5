import { parseAllDocuments } from 'yaml';
import type { UsedImage } from './model.ts';

/** One file of a checkout, or of what a renderer wrote. */
export interface DesiredFile {
  readonly path: string;
  readonly text: string;
}

export interface DesiredState {
  readonly images: readonly UsedImage[];
  /** Files that could not be read, such as templates: what they name is not known. */
  readonly unreadable: readonly string[];
}

const MAX_DEPTH = 60;
/** Aliases that a document may resolve: a few nested ones grow without end ("billion laughs"). */
const MAX_ALIASES = 100;
const MAX_IMAGES = 50_000;

/**
 * The images that files of a desired state name: manifests of Kubernetes (any kind that has containers, rendered ones and
 * those of Argo and Flux among them), kustomizations, values of Helm charts, compose files. A name that is found where no
 * image is meant holds nothing that anybody pushed, so it is rather taken than left out.
 */
export function readDesiredState(files: readonly DesiredFile[]): DesiredState {
  const found = new Map<string, UsedImage>();
  const unreadable: string[] = [];
  const versions = appVersions(files);
  for (const { path, text } of files) {
    const add = (image: string): void => {
      if (found.size >= MAX_IMAGES || image.length > 1_000 || /[\s{}$]/.test(image)) return;
      found.set(`${path} ${image}`, { image, workload: { kind: 'desired-state', name: path.slice(-300) } });
    };
    const documents = parse(text);
    if (!documents) unreadable.push(path);
    const context = { add, appVersion: versions.get(folderOf(path)) };
    for (const document of documents ?? []) walk(document, context, 0);
  }
  return { images: [...found.values()], unreadable };
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** Undefined where it is no YAML: a Helm template, mostly. */
function parse(text: string): readonly unknown[] | undefined {
  try {
    const documents = parseAllDocuments(text, { strict: false, uniqueKeys: false, logLevel: 'silent' });
    const read: unknown[] = [];
    for (const document of documents) {
      if (document.errors.length > 0) return undefined;
      read.push(document.toJS({ maxAliasCount: MAX_ALIASES, mapAsMap: true }));
    }
    return read;
  } catch {
    return undefined;
  }
}

/** The version that a chart's images have where its values name no tag (Helm, "Chart.yaml", `appVersion`). */
function appVersions(files: readonly DesiredFile[]): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const { path, text } of files) {
    if (!/(?:^|\/)Chart\.ya?ml$/.test(path)) continue;
    const [chart] = parse(text) ?? [];
    const version = chart instanceof Map ? textOf(chart.get('appVersion')) : undefined;
    if (version !== undefined) versions.set(folderOf(path), version);
  }
  return versions;
}

interface Context {
  readonly add: (image: string) => void;
  readonly appVersion: string | undefined;
}

function walk(value: unknown, context: Context, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const item of value) walk(item, context, depth + 1);
    return;
  }
  if (!(value instanceof Map)) return;
  const { image } = { image: textOf(value.get('image')) };
  // A container, a service of a compose file, or a value `image: host/name:tag`.
  if (image !== undefined) context.add(image);
  for (const named of [fromValues(value, context.appVersion), fromKustomization(value)]) if (named) context.add(named);
  for (const inner of value.values()) walk(inner, context, depth + 1);
}

/** `image.registry`, `.repository`, `.tag`, `.digest`: what charts have come to agree on. */
function fromValues(value: ReadonlyMap<unknown, unknown>, appVersion: string | undefined): string | undefined {
  const repository = textOf(value.get('repository'));
  if (!repository || /^(?:https?|oci|git|ssh):\/\//.test(repository)) return undefined;
  const registry = textOf(value.get('registry'));
  const tag = textOf(value.get('tag')) || appVersion;
  const digest = textOf(value.get('digest'));
  return `${registry ? `${registry}/` : ''}${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** An entry of `images` in a kustomization: name, newName, newTag, digest. */
function fromKustomization(value: ReadonlyMap<unknown, unknown>): string | undefined {
  const name = textOf(value.get('newName')) ?? textOf(value.get('name'));
  const tag = textOf(value.get('newTag'));
  const digest = textOf(value.get('digest'));
  const isEntry = value.has('newName') || value.has('newTag') || (value.has('name') && digest?.startsWith('sha'));
  if (!name || !isEntry) return undefined;
  return `${name}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** Tags like `1.20` are read as numbers where nobody put them in quotes; YAML keeps no zero at the end of these. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
