import { type Entry, lockFile } from './lock-file.ts';

const lines = (text: string): readonly string[] => text.split(/\r?\n/);
const unquote = (text: string): string => text.replace(/^(['"])(.*)\1$/, '$2');

/** `@scope/name@npm:^1.0.0` and `name@^1.0.0`: the name is what stands before the last `@` that does not begin it. */
function nameOf(descriptor: string): string {
  const at = descriptor.indexOf('@', 1);
  return at < 0 ? descriptor : descriptor.slice(0, at);
}

/**
 * Yarn's `yarn.lock`, of version 1 (`version "1.2.3"`) and of Berry (`version: 1.2.3`, with the resolution of the package
 * and `workspace:` for those of the project itself).
 */
function* yarn(text: string): Generator<Entry> {
  let name: string | undefined;
  for (const line of lines(text)) {
    if (/^\S.*:$/.test(line) && !line.startsWith('#')) {
      const [first = ''] = line.slice(0, -1).split(',');
      const descriptor = unquote(first.replace(/"/g, ''));
      const isPackage = descriptor !== '__metadata' && !/@(?:workspace|link|file|portal):/.test(descriptor);
      name = isPackage ? nameOf(descriptor) : undefined;
      continue;
    }
    const [, version] = /^ {2}version:? "?([^"\s]+)"?$/.exec(line) ?? [];
    if (name && version) yield [name, version];
    if (version) name = undefined;
  }
}

/** pnpm's `pnpm-lock.yaml`: keys of `packages`, `/name/1.2.3`, `/name@1.2.3` or `name@1.2.3`, with peers behind. */
function* pnpm(text: string): Generator<Entry> {
  let inside = false;
  for (const line of lines(text)) {
    if (/^\S/.test(line)) inside = line.startsWith('packages:');
    const [, key] = /^ {2}(\S.*):(?: \{\})?$/.exec(line) ?? [];
    if (!inside || !key) continue;
    const bare = unquote(key).replace(/\(.*$/, '');
    // Until version 5 the version stands behind a slash, with its peers behind an underscore.
    const old = /^\/(.+)\/(\d[^/_]*)(?:_.*)?$/.exec(bare);
    const [, name, version] = old ?? /^\/?(.+)@([^@/]+)$/.exec(bare) ?? [];
    if (name && !/^(?:file|link|https?):/.test(version ?? '')) yield [name, version];
  }
}

/** Dart's `pubspec.lock`: two spaces before a package, four before what is said of it. */
function* pub(text: string): Generator<Entry> {
  let name: string | undefined;
  let hosted = true;
  for (const line of lines(text)) {
    const [, key] = /^ {2}([\w-]+):$/.exec(line) ?? [];
    if (key) {
      name = key;
      hosted = true;
    } else if (/^ {4}source: (?:sdk|path)$/.test(line)) hosted = false;
    const [, version] = /^ {4}version: "?([^"\s]+)"?$/.exec(line) ?? [];
    if (name && version && hosted) yield [name, version];
  }
}

export const yamlLocks = [
  lockFile('npm', ['yarn.lock'], yarn),
  lockFile('npm', ['pnpm-lock.yaml'], pnpm),
  lockFile('pub', ['pubspec.lock'], pub),
];
