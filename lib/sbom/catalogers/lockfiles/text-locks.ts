import { type Entry, lockFile } from './lock-file.ts';

const lines = (text: string): readonly string[] => text.split(/\r?\n/);

/** Bundler's `Gemfile.lock`: below `specs:`, four spaces before a gem and six before what it needs. */
function* bundler(text: string): Generator<Entry> {
  for (const line of lines(text)) {
    const [, name, version] = /^ {4}([A-Za-z0-9._-]+) \(([^)]+)\)$/.exec(line) ?? [];
    // `1.2.3-x86_64-linux` is a build for a platform.
    if (name) yield [name, version?.replace(/-(?:x86|arm|aarch64|java|universal|mswin|mingw).*$/, '')];
  }
}

/** `go.mod`: what `require` names, unless `replace` puts something else in its place. */
function* goModules(text: string): Generator<Entry> {
  let block = '';
  for (const raw of lines(text)) {
    const line = raw.replace(/\/\/.*$/, '').trim();
    const [, opened] = /^(\w+)\s*\($/.exec(line) ?? [];
    if (opened || line === ')') {
      block = opened ?? '';
      continue;
    }
    const words = line.split(/\s+/);
    if (block === 'require' && words.length === 2) yield [words[0], words[1]];
    else if (block === '' && words[0] === 'require' && words.length === 3) yield [words[1], words[2]];
  }
}

/** `requirements.txt`: lines that pin one version (PEP 508 with `==`); all others leave it open. */
function* pip(text: string): Generator<Entry> {
  for (const line of lines(text)) {
    const [, name, version] =
      /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;#,\\*]+)\s*(?:[;#\\]|$)/.exec(line) ?? [];
    if (name) yield [name.replace(/[-_.]+/g, '-').toLowerCase(), version];
  }
}

/** Gradle's `gradle.lockfile`: `group:artifact:version=configurations`. */
function* gradle(text: string): Generator<Entry> {
  for (const line of lines(text)) {
    const [, name, version] = /^([^#:=\s]+:[^:=\s]+):([^:=\s]+)=/.exec(line) ?? [];
    if (name) yield [name, version];
  }
}

/** Mix's `mix.lock`: `"name": {:hex, :package, "version", …}`. */
function* mix(text: string): Generator<Entry> {
  for (const line of lines(text)) {
    const [, name, version] = /^\s*"[^"]+":\s*\{:hex,\s*:"?([\w-]+)"?,\s*"([^"]+)"/.exec(line) ?? [];
    if (name) yield [name, version];
  }
}

/** Rebar's `rebar.lock`: `{<<"name">>,{pkg,<<"package">>,<<"version">>`. */
function* rebar(text: string): Generator<Entry> {
  for (const line of lines(text)) {
    const [, name, version] = /\{pkg,<<"([\w-]+)">>,<<"([^"]+)">>/.exec(line) ?? [];
    if (name) yield [name, version];
  }
}

export const textLocks = [
  lockFile('gem', ['Gemfile.lock', 'gems.locked'], bundler),
  lockFile('golang', ['go.mod'], goModules),
  lockFile('pypi', ['requirements.txt'], pip),
  lockFile('maven', ['gradle.lockfile'], gradle),
  lockFile('hex', ['mix.lock'], mix),
  lockFile('hex', ['rebar.lock'], rebar),
];
