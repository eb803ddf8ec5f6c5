import { type Entry, lockFile } from './lock-file.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const entries = (value: unknown): readonly (readonly [string, unknown])[] =>
  isObject(value) ? Object.entries(value) : [];
const list = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
const parse = (text: string): Json => {
  const value: unknown = JSON.parse(text);
  return isObject(value) ? value : {};
};

const MAX_DEPTH = 64;

/** npm's `package-lock.json`: `packages` since version 2, by the folders they go to; `dependencies` in one another before. */
function* npm(text: string): Generator<Entry> {
  const { packages, dependencies } = parse(text);
  for (const [path, entry] of entries(packages)) {
    const at = path.lastIndexOf('node_modules/');
    if (at < 0 || !isObject(entry) || entry.link === true) continue;
    yield [entry.name ?? path.slice(at + 'node_modules/'.length), entry.version];
  }
  if (!isObject(packages)) yield* nested(dependencies, 0);
}

function* nested(dependencies: unknown, depth: number): Generator<Entry> {
  if (depth > MAX_DEPTH) return;
  for (const [name, entry] of entries(dependencies)) {
    if (!isObject(entry)) continue;
    yield [name, entry.version];
    yield* nested(entry.dependencies, depth + 1);
  }
}

/** Pipenv's `Pipfile.lock`; what is for development only is left out. */
function* pipenv(text: string): Generator<Entry> {
  for (const [name, entry] of entries(parse(text).default)) {
    const version = isObject(entry) ? entry.version : undefined;
    if (typeof version === 'string' && version.startsWith('==')) yield [normal(name), version.slice(2)];
  }
}

function* composer(text: string): Generator<Entry> {
  for (const { name, version } of list(parse(text).packages)) yield [name, version];
}

/** Swift's `Package.resolved`: `pins` by themselves since version 2, in `object` before. Named by where they come from. */
function* swift(text: string): Generator<Entry> {
  const { pins, object } = parse(text);
  for (const pin of list(pins ?? (isObject(object) ? object.pins : []))) {
    const location = pin.location ?? pin.repositoryURL;
    const version = isObject(pin.state) ? pin.state.version : undefined;
    if (typeof location === 'string') yield [location.replace(/^[a-z]+:\/\/(?:[^/@]*@)?|\.git$/g, ''), version];
  }
}

const normal = (name: string): string => name.replace(/[-_.]+/g, '-').toLowerCase();

export const jsonLocks = [
  lockFile('npm', ['package-lock.json', 'npm-shrinkwrap.json'], npm),
  lockFile('pypi', ['Pipfile.lock'], pipenv),
  lockFile('composer', ['composer.lock'], composer),
  lockFile('swift', ['Package.resolved'], swift),
];
