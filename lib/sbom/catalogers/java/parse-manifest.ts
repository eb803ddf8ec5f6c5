/** The attributes of a manifest: those of the whole archive, then those of each section. Names are in lower case. */
export type Manifest = readonly ReadonlyMap<string, string>[];

const MAX_SECTIONS = 10_000;

/**
 * Reads `META-INF/MANIFEST.MF` (JAR file specification, "Manifest specification"): `Name: value` lines, continued by
 * lines that begin with a space, in sections parted by empty lines.
 */
export function parseManifest(text: string): Manifest {
  const sections: Map<string, string>[] = [];
  let section: Map<string, string> | undefined;
  let last = '';
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      section = undefined;
    } else if (line.startsWith(' ')) {
      if (section && last !== '') section.set(last, (section.get(last) ?? '') + line.slice(1));
    } else {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
      if (name === '') continue;
      if (!section) {
        if (sections.length === MAX_SECTIONS) break;
        section = new Map();
        sections.push(section);
      }
      section.set(name, line.slice(colon + 1).trimStart());
      last = name;
    }
  }
  return sections.map((one) => new Map([...one].map(([name, value]) => [name, value.trim()])));
}

/** Of the whole archive. */
export const mainAttribute = (manifest: Manifest, name: string): string => manifest[0]?.get(name.toLowerCase()) ?? '';

/** Of the whole archive, or else of the first section that has it. */
export function anyAttribute(manifest: Manifest, name: string): string {
  const key = name.toLowerCase();
  return manifest.find((section) => section.get(key))?.get(key) ?? '';
}

export const allAttributes = (manifest: Manifest, name: string): string[] =>
  manifest.flatMap((section) => section.get(name.toLowerCase()) ?? []);
