import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryInventoryStore } from '../../../lib/sbom/adapters/memory.ts';
import { buildSbom, inventoryImage, type Sbom, writtenVersion } from '../../../lib/sbom/index.ts';
import { type LayoutImage, openOciLayout } from '../../support/oci-layout.ts';

const corpora = process.env.LADING_CORPORA ?? '';
const absent = !existsSync(join(corpora, 'images', 'index.json'));
const reason = absent ? ' (skipped: LADING_CORPORA names no folder with images)' : '';

/** What one other scanner finds: `type, name, version, purl` on each line after two lines of heading. */
interface Expected {
  readonly digest: string;
  readonly lines: readonly string[];
}

function expectedLists(): Map<string, Expected> {
  const folder = join(corpora, 'expected');
  return new Map(
    readdirSync(folder).map((file) => {
      const [heading = '', , ...lines] = readFileSync(join(folder, file), 'utf8').split('\n');
      const digest = /manifest (sha256:[0-9a-f]{64})/.exec(heading)?.[1] ?? '';
      return [`${file.split('.linux-')[0]} ${digest}`, { digest, lines: lines.flatMap((line) => asOurs(line) ?? []) }];
    }),
  );
}

/** Types that are compared, by the other scanner's names for them. */
const TYPES = new Map([
  ['apk', 'apk'],
  ['deb', 'deb'],
  ['npm', 'npm'],
  ['rpm', 'rpm'],
  ['python', 'pypi'],
  ['gem', 'gem'],
  ['php-composer', 'composer'],
  ['php-pear', 'pear'],
  ['alpm', 'alpm'],
  ['portage', 'ebuild'],
  ['R-package', 'cran'],
  ['lua-rocks', 'luarocks'],
  ['nix', 'nix'],
  ['java-archive', 'maven'],
  ['go-module', 'golang'],
  ['rust-crate', 'cargo'],
  ['dotnet', 'nuget'],
  ['binary', 'generic'],
]);
/** With those that no image has, so that none is found by mistake. */
const compared = new Set([
  ...TYPES.values(),
  'bitnami',
  'brew',
  'conan',
  'conda',
  'cpan',
  'guix',
  'opkg',
  'wordpress-plugin',
]);

function asOurs(line: string): string | undefined {
  const [theirs = '', ...rest] = line.split('\t');
  const type = TYPES.get(theirs);
  return type && [type, ...rest].join('\t');
}

describe.skipIf(absent)(`the images of the corpora${reason}`, () => {
  it('have exactly the packages, and purls, of the expected lists', async () => {
    const layout = openOciLayout(join(corpora, 'images'));
    const inventories = memoryInventoryStore();
    const expected = expectedLists();
    const seen: string[] = [];
    for (const ref of layout.refs()) {
      for (const image of layout.images(ref)) {
        const list = expected.get(`${ref} ${image.digest}`);
        if (!list) continue;
        const sbom = await sbomOf(image);
        expect(sbom.outcome).toBe('complete');
        const found = sbom.packages
          .filter((one) => compared.has(one.type))
          .map((one) => [one.type, one.name, writtenVersion(one.version), one.purl ?? ''].join('\t'));
        expect({ ref, found: found.sort() }).toEqual({ ref, found: [...list.lines].sort() });
        seen.push(ref);
      }
    }
    expect(seen).toHaveLength(expected.size);
    async function sbomOf(image: LayoutImage): Promise<Sbom> {
      const inventory = await inventoryImage(image, { source: layout, inventories });
      return buildSbom(image, inventory);
    }
  });
});
