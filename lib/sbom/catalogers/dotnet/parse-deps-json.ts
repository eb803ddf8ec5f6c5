import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const packageSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    /** Names of packages in the list, with their versions: `Serilog/2.10.0`. */
    requires: z.array(z.string()),
  }),
);
export const nugetListSchema = once(() => z.array(packageSchema()));
export type NugetRecord = z.infer<ReturnType<typeof packageSchema>>;

// A field of the wrong sort must not cost the list: each falls back to "not said".
const files = once(() => z.record(z.string(), z.unknown()).optional().catch(undefined));
const targetSchema = once(() =>
  z
    .object({
      dependencies: z.record(z.string(), z.string()).optional().catch(undefined),
      runtime: files(),
      resources: files(),
      compile: files(),
      native: files(),
    })
    .catch({}),
);
const librarySchema = once(() =>
  z.object({
    type: z.string().optional().catch(undefined),
    sha512: z.string().optional().catch(undefined),
    path: z.string().optional().catch(undefined),
  }),
);
const documentSchema = once(() =>
  z.object({
    targets: z.record(z.string(), z.record(z.string(), targetSchema()).catch({})),
    libraries: z.record(z.string(), librarySchema().catch({})).optional().catch(undefined),
  }),
);

type Target = z.infer<ReturnType<typeof targetSchema>>;
type Library = z.infer<ReturnType<typeof librarySchema>>;

interface Entry {
  readonly library: Library | undefined;
  readonly dependencies: ReadonlySet<string>;
  readonly hasFiles: boolean;
}

const MAX_PACKAGES = 50_000;

/**
 * Tools that merge other assemblies into one: what is merged has no files of its own then (Syft's list, in
 * `syft/pkg/cataloger/dotnet/deps_json.go`).
 */
const MERGING_TOOL =
  /^(?:ILRepack\.|ILMerge$|JetBrains\.Build\.ILRepack$|Brokenevent\.ILStrip|PostSharp\.Community\.Packer$|(?:Costura\.)?Fody$)/;

/**
 * The packages that a .NET program uses at run time: `NAME.deps.json`, written beside it (.NET runtime,
 * `docs/design/features/host-probing.md`). What is listed without any file, and needs nothing with one, was only of use
 * to the build. Projects of the same solution are no packages, but for the program itself.
 */
export const depsJsonFile: FileKind<NugetRecord[]> = {
  id: 'dotnet-deps-json',
  version: 1,
  match: { extensions: ['json'], accepts: (path) => path.endsWith('.deps.json') },
  maxBytes: 32 * 1024 ** 2,
  importance: 'file',
  parse: (content, path) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8').replace(/^\uFEFF/, '')));
    if (!document.success) return undefined;
    const entries = entriesOf(Object.values(document.data.targets), document.data.libraries ?? {});
    const program = path.slice(path.lastIndexOf('/') + 1, -'.deps.json'.length);
    const merges = [...entries.keys()].some((key) => MERGING_TOOL.test(nameOf(key)));
    const used = merges ? new Set(entries.keys()) : withFiles(entries);
    return [...entries].flatMap(([key, { library, dependencies }]) => {
      const name = nameOf(key);
      const version = key.slice(name.length + 1);
      const isProgram = library?.type === 'project' && name === program;
      if (name === '' || (!isProgram && (!used.has(key) || isNoPackage(library)))) return [];
      return [{ name, version, requires: [...dependencies].filter((one) => entries.has(one)) }];
    });
  },
  schema: nugetListSchema,
};

const nameOf = (key: string): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : key);

const isNoPackage = (library: Library | undefined): boolean =>
  library?.type === 'project' || (library?.type === 'referenceassembly' && !library.sha512 && !library.path);

/** A library may be in the lists of several targets; together they say what it needs. */
function entriesOf(
  targets: readonly Readonly<Record<string, Target>>[],
  libraries: Readonly<Record<string, Library>>,
): Map<string, Entry> {
  const known = new Map(Object.entries(libraries));
  const entries = new Map<string, Entry>();
  for (const target of targets) {
    for (const [key, { dependencies = {}, ...lists }] of Object.entries(target)) {
      const before = entries.get(key);
      if (!before && entries.size === MAX_PACKAGES) throw new Error(`over ${MAX_PACKAGES} packages`);
      const needed = Object.entries(dependencies).map(([name, version]) => `${name}/${version}`);
      entries.set(key, {
        library: known.get(key),
        dependencies: new Set([...(before?.dependencies ?? []), ...needed]),
        hasFiles:
          before?.hasFiles === true || Object.values(lists).some((list) => list && Object.keys(list).length > 0),
      });
    }
  }
  return entries;
}

/** Those with files, and those that need one with files, directly or not. */
function withFiles(entries: ReadonlyMap<string, Entry>): Set<string> {
  const neededBy = new Map<string, string[]>();
  for (const [key, { dependencies }] of entries) {
    for (const needed of dependencies) neededBy.set(needed, [...(neededBy.get(needed) ?? []), key]);
  }
  const used = new Set([...entries].filter(([, { hasFiles }]) => hasFiles).map(([key]) => key));
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const key of used) for (const dependent of neededBy.get(key) ?? []) used.add(dependent);
  return used;
}
