import type { VisibleFile } from './file-state.ts';

export interface CacheFinding {
  readonly tool: string;
  readonly bytes: number;
  readonly files: number;
  /** The folder with most of it. */
  readonly where: string;
  /** Layers that have some of it, by their number from the lowest, 0 first. */
  readonly layers: readonly number[];
  readonly advice: string;
}

interface KnownCache {
  readonly tool: string;
  /** At the root of the image. */
  readonly at?: readonly string[];
  /** In whatever folder: of any user's home, of any project. */
  readonly anywhere?: readonly string[];
  readonly advice: string;
}

const mount = (target: string): string => `keep it out of the image: RUN --mount=type=cache,target=${target} …`;

/** What package managers leave behind that no program of the image reads. */
const CACHES: readonly KnownCache[] = [
  {
    tool: 'apt',
    at: ['var/lib/apt/lists/', 'var/cache/apt/'],
    advice: 'end the RUN that installs with "rm -rf /var/lib/apt/lists/* /var/cache/apt/*"',
  },
  { tool: 'apk', at: ['var/cache/apk/', 'etc/apk/cache/'], advice: 'install with "apk add --no-cache"' },
  {
    tool: 'dnf/yum',
    at: ['var/cache/dnf/', 'var/cache/yum/', 'var/cache/libdnf5/', 'var/cache/tdnf/'],
    advice: 'end the RUN that installs with "dnf clean all"',
  },
  { tool: 'zypper', at: ['var/cache/zypp/'], advice: 'end the RUN that installs with "zypper clean --all"' },
  { tool: 'pacman', at: ['var/cache/pacman/pkg/'], advice: 'end the RUN that installs with "pacman -Scc --noconfirm"' },
  { tool: 'pip', anywhere: ['.cache/pip/'], advice: 'install with "pip install --no-cache-dir"' },
  { tool: 'uv', anywhere: ['.cache/uv/'], advice: mount('/root/.cache/uv') },
  { tool: 'poetry', anywhere: ['.cache/pypoetry/'], advice: mount('/root/.cache/pypoetry') },
  { tool: 'conda', at: ['opt/conda/pkgs/'], advice: 'end the RUN that installs with "conda clean --all --yes"' },
  { tool: 'npm', anywhere: ['.npm/_cacache/'], advice: mount('/root/.npm') },
  {
    tool: 'yarn',
    at: ['usr/local/share/.cache/yarn/'],
    anywhere: ['.cache/yarn/', '.yarn/berry/cache/'],
    advice: 'end the RUN that installs with "yarn cache clean"',
  },
  {
    tool: 'pnpm',
    anywhere: ['.local/share/pnpm/store/', '.pnpm-store/'],
    advice: mount('/root/.local/share/pnpm/store'),
  },
  { tool: 'bun', anywhere: ['.bun/install/cache/'], advice: mount('/root/.bun/install/cache') },
  {
    tool: 'go',
    anywhere: ['.cache/go-build/', 'go/pkg/mod/cache/'],
    advice: 'build in a stage of its own and copy the binary, or mount /root/.cache/go-build and /go/pkg/mod as caches',
  },
  {
    tool: 'cargo',
    anywhere: ['.cargo/registry/cache/', 'cargo/registry/cache/'],
    advice: mount('/usr/local/cargo/registry'),
  },
  { tool: 'maven', anywhere: ['.m2/repository/'], advice: mount('/root/.m2') },
  { tool: 'gradle', anywhere: ['.gradle/caches/'], advice: mount('/root/.gradle') },
  { tool: 'nuget', anywhere: ['.nuget/packages/', '.local/share/NuGet/'], advice: mount('/root/.nuget/packages') },
  { tool: 'composer', anywhere: ['.composer/cache/', '.cache/composer/'], advice: mount('/root/.composer/cache') },
  { tool: 'ccache', anywhere: ['.cache/ccache/', '.ccache/'], advice: mount('/root/.cache/ccache') },
  { tool: 'git', anywhere: ['.git/objects/'], advice: 'name ".git" in .dockerignore' },
];

/** Which package managers left what in the files that an image shows; what takes most first. */
export function findCaches(files: readonly VisibleFile[]): readonly CacheFinding[] {
  const found = new Map<
    KnownCache,
    { bytes: number; files: number; places: Map<string, number>; layers: Set<number> }
  >();
  for (const { path, bytes, layer } of files) {
    for (const cache of CACHES) {
      const place = placeOf(cache, path);
      if (place === undefined) continue;
      const sum = found.get(cache) ?? { bytes: 0, files: 0, places: new Map(), layers: new Set() };
      found.set(cache, sum);
      sum.bytes += bytes;
      sum.files++;
      sum.places.set(place, (sum.places.get(place) ?? 0) + bytes);
      sum.layers.add(layer);
      break;
    }
  }
  return [...found]
    .map(([{ tool, advice }, { bytes, files: count, places, layers }]) => ({
      tool,
      bytes,
      files: count,
      where: [...places].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '',
      layers: [...layers].sort((a, b) => a - b),
      advice,
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

function placeOf({ at, anywhere }: KnownCache, path: string): string | undefined {
  const start = at?.find((prefix) => path.startsWith(prefix));
  if (start !== undefined) return start;
  for (const part of anywhere ?? []) {
    if (path.startsWith(part)) return part;
    const index = path.indexOf(`/${part}`);
    if (index >= 0) return path.slice(0, index + 1 + part.length);
  }
  return undefined;
}
