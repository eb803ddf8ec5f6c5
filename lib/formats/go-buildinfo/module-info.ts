/** A module of the build. What replaces it (a `replace` directive) stands for it in the program. */
export interface GoModule {
  readonly path: string;
  /** `v1.2.3`, a pseudo-version, or `(devel)` for the main module of a build from a checkout; may be empty. */
  readonly version: string;
  /** `h1:` and the hash of the module's files. */
  readonly sum?: string;
  readonly replace?: GoModule;
}

export interface GoBuildInfo {
  /** Of the toolchain: `go1.21.0`. */
  readonly goVersion: string;
  /** Of the main package. */
  readonly path: string;
  readonly main?: GoModule;
  readonly deps: readonly GoModule[];
  /** Settings of the build: `GOARCH`, `vcs.revision`, `-ldflags`. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Honest programs have at most some thousand. */
const MAX_MODULES = 50_000;

/**
 * The lines that Go's linker writes (`runtime/debug.ParseBuildInfo`): `path`, `mod`, `dep` and, below the one that it
 * replaces, `=>`, with tabs between the columns; `build` with a setting. Lines that are none of these are passed over.
 */
export function parseModuleInfo(text: string): Omit<GoBuildInfo, 'goVersion'> {
  const modules: { dependency: boolean; module: GoModule }[] = [];
  const settings = new Map<string, string>();
  let path = '';
  for (const line of text.split('\n')) {
    const tab = line.indexOf('\t');
    const word = line.slice(0, Math.max(0, tab));
    const rest = line.slice(tab + 1);
    if (word === 'path') path = rest;
    else if (word === 'build') addSetting(settings, rest);
    else if (word === 'mod' || word === 'dep') {
      if (modules.length < MAX_MODULES) modules.push({ dependency: word === 'dep', module: moduleOf(rest) });
    } else if (word === '=>') {
      const last = modules.pop();
      if (last) modules.push({ ...last, module: { ...last.module, replace: moduleOf(rest) } });
    }
  }
  const main = modules.findLast((one) => !one.dependency)?.module;
  return {
    path,
    ...(main ? { main } : {}),
    deps: modules.filter((one) => one.dependency).map((one) => one.module),
    settings,
  };
}

function moduleOf(columns: string): GoModule {
  const [path = '', version = '', sum] = columns.split('\t');
  return { path, version, ...(sum ? { sum } : {}) };
}

/** `key=value`; either is a Go string literal where it has characters that would spoil the line. */
function addSetting(settings: Map<string, string>, text: string): void {
  const match = /^("(?:[^"\\]|\\.)*"|`[^`]*`|[^=]+)=(.*)$/s.exec(text);
  if (match?.[1] !== undefined && settings.size < 200) settings.set(unquote(match[1]), unquote(match[2] ?? ''));
}

function unquote(text: string): string {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1);
  if (!/^".*"$/s.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
