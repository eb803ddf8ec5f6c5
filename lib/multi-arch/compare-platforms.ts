export interface PlatformContent {
  readonly platform: string;
  readonly bytes: number;
  /** `undefined`: nobody has made an SBOM of it. */
  readonly packages: readonly { readonly type: string; readonly name: string; readonly version: string }[] | undefined;
  /** `undefined`: it was not scanned. */
  readonly findings:
    | readonly { readonly id: string; readonly package: string; readonly severity: string }[]
    | undefined;
}

export interface PlatformDifference {
  readonly kind: 'package' | 'version' | 'finding';
  /** The package, or the vulnerability in a package. */
  readonly name: string;
  /** What each platform has; absent where it has nothing of it. */
  readonly on: ReadonlyMap<string, string>;
}

export interface ParityReport {
  readonly platforms: readonly {
    readonly platform: string;
    readonly bytes: number;
    readonly packages: number | undefined;
    readonly findings: number | undefined;
  }[];
  readonly differences: readonly PlatformDifference[];
  /** Platforms of which something is not known, so that no difference proves nothing. */
  readonly unknown: readonly string[];
}

/** What the images of an index have that others of it have not, or have otherwise. By name; only what differs. */
export function comparePlatforms(contents: readonly PlatformContent[]): ParityReport {
  const withPackages = contents.filter((one) => one.packages !== undefined);
  const withFindings = contents.filter((one) => one.findings !== undefined);
  const packages = table(withPackages, ({ packages: own = [] }) =>
    own.map(({ type, name, version }) => [`${type} ${name}`, version] as const),
  );
  const findings = table(withFindings, ({ findings: own = [] }) =>
    own.map(({ id, package: name, severity }) => [`${id} in ${name}`, severity] as const),
  );
  const differences: PlatformDifference[] = [];
  for (const [name, on] of packages) {
    if (on.size < withPackages.length) differences.push({ kind: 'package', name, on });
    else if (new Set(on.values()).size > 1) differences.push({ kind: 'version', name, on });
  }
  for (const [name, on] of findings) if (on.size < withFindings.length) differences.push({ kind: 'finding', name, on });
  return {
    platforms: contents.map(({ platform, bytes, packages: own, findings: found }) => ({
      ...{ platform, bytes, packages: own?.length, findings: found?.length },
    })),
    differences: differences.sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1)),
    unknown: contents
      .filter((one) => one.packages === undefined || one.findings === undefined)
      .map(({ platform }) => platform),
  };
}

/** By name, what each platform has of it; several versions on one platform are told together. */
function table(
  contents: readonly PlatformContent[],
  rowsOf: (content: PlatformContent) => readonly (readonly [name: string, value: string])[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const rows = new Map<string, Map<string, Set<string>>>();
  for (const content of contents) {
    for (const [name, value] of rowsOf(content)) {
      const row = rows.get(name) ?? new Map<string, Set<string>>();
      rows.set(name, row);
      row.set(content.platform, (row.get(content.platform) ?? new Set()).add(value));
    }
  }
  return new Map(
    [...rows].map(([name, row]) => [
      name,
      new Map([...row].map(([on, values]) => [on, [...values].sort().join(', ')])),
    ]),
  );
}
