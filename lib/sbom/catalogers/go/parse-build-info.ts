import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { GoBuildInfo, GoModule } from '../../../formats/go-buildinfo/index.ts';

const moduleSchema = once(() => z.object({ path: z.string(), version: z.string(), sum: z.string().optional() }));

export const goProgramSchema = once(() =>
  z.object({
    /** Of the toolchain: `go1.21.0`. */
    goVersion: z.string(),
    main: moduleSchema().optional(),
    deps: z.array(moduleSchema()),
  }),
);
export type GoProgram = z.infer<ReturnType<typeof goProgramSchema>>;
export type GoProgramModule = z.infer<ReturnType<typeof moduleSchema>>;

const DEVELOPMENT = '(devel)';
/** `go build main.go` names its module so. */
const FILES_ONLY = 'command-line-arguments';

/** What the build information says of modules: replaced ones by their replacement, the main one with its best version. */
export function toGoProgram(info: GoBuildInfo): GoProgram {
  const { main, deps } = mainModule(info);
  const sameAsMain = (one: GoModule): boolean =>
    main !== undefined && one.path === main.path && one.version === main.version && one.sum === main.sum;
  return {
    // `go1.21.0 X:boringcrypto` names experiments, too.
    goVersion: info.goVersion.split(' ')[0] ?? '',
    ...(main ? { main: inForce({ ...main, version: mainVersion(main, info) }) } : {}),
    deps: deps.filter((one) => !sameAsMain(one)).map(inForce),
  };
}

/** Without a main module, the only dependency in development is it, else the path of the main package names one. */
function mainModule(info: GoBuildInfo): { readonly main: GoModule | undefined; readonly deps: readonly GoModule[] } {
  const { main, deps, path } = info;
  if (main && main.path !== FILES_ONLY) return { main, deps };
  const candidates = deps.filter((one) => one.version === DEVELOPMENT);
  if (candidates.length === 1) return { main: candidates[0], deps: deps.filter((one) => one !== candidates[0]) };
  return { main: path === '' ? undefined : { path, version: DEVELOPMENT }, deps };
}

/** A replacement by a folder has the folder's path and no version: then the module's own path says more. */
function inForce({ path, version, sum, replace }: GoModule): GoProgramModule {
  const local = replace !== undefined && /^[./]/.test(replace.path);
  const one = replace ?? { path, version, sum };
  return {
    path: local ? path : one.path,
    version: one.version === DEVELOPMENT ? '' : one.version,
    ...(one.sum ? { sum: one.sum } : {}),
  };
}

/**
 * A build from a checkout has no version (before Go 1.24). Makers set one with the linker's `-X`, as a rule; else the
 * commit makes a pseudo-version (Go modules reference, "Pseudo-versions").
 */
function mainVersion(main: GoModule, { settings }: GoBuildInfo): string {
  if (main.version !== DEVELOPMENT) return main.version;
  const linked = linkedVersion(settings.get('-ldflags') ?? '', main.path);
  if (linked !== undefined) return linked;
  const revision = settings.get('vcs.revision');
  const time = settings.get('vcs.time');
  if (!revision || time === undefined) return '';
  const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(time) ? time.replace(/[^0-9]/g, '') : '00010101000000';
  return `v0.0.0-${stamp}-${revision.slice(0, 12)}`;
}

/** `-X main.version=1.2.3` or `-X example.org/module/pkg.buildVersion=v1.2.3`; a variable of a version goes before a tag. */
function linkedVersion(flags: string, modulePath: string): string | undefined {
  const assignments = flags
    .slice(0, 65_536)
    .split(/[\s'"]+/)
    .flatMap((word) => {
      const [variable = '', value] = splitOnce(word.replace(/^-X=/, ''), '=');
      const dot = variable.lastIndexOf('.');
      const [owner, name] = [variable.slice(0, Math.max(0, dot)), variable.slice(dot + 1)];
      const known = owner.endsWith('main') || owner.startsWith(`${modulePath}/`);
      return value !== undefined && known && /^[A-Za-z0-9]+$/.test(name) ? [{ name, value }] : [];
    });
  for (const wanted of [/[vV]er(?:sion)?$/, /[tT]ag$/]) {
    for (const { name, value } of assignments) {
      const version = wanted.test(name) ? versionIn(value) : undefined;
      if (version !== undefined) return version.startsWith('v') ? version : `v${version}`;
    }
  }
  return undefined;
}

const versionIn = (value: string): string | undefined =>
  value
    .split('/')
    .map((part) => /^v?\d+\.\d+\.\d+[-\w]*/.exec(part)?.[0])
    .findLast((version) => version !== undefined);

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
