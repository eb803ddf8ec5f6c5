import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lockKinds } from '../../../../../lib/sbom/catalogers/lockfiles/cataloger.ts';
import { lockSamples } from '../../samples/lock-samples.ts';
import { declaredPackagesOf, packagesOf } from '../packages-of.ts';

const names = (packages: readonly { readonly purl?: string | undefined }[]) => packages.map(({ purl }) => purl);

describe('lock files', () => {
  it.each(lockSamples)('%s names what was to be installed (%#)', async (file, content, purls) => {
    expect(names(await declaredPackagesOf({ [`app/${file}`]: content }))).toEqual(purls);
    expect(await packagesOf([{ path: `app/${file}`, content }])).toEqual([]);
  });

  it('say nothing where the packages themselves are there', async () => {
    const lock = '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}';
    const installed = { 'app/node_modules/b/package.json': '{"name":"b","version":"2.0.0"}' };
    expect(names(await declaredPackagesOf({ 'app/package-lock.json': lock, ...installed }))).toEqual([
      'pkg:npm/b@2.0.0',
    ]);
    expect(names(await declaredPackagesOf({ 'other/package-lock.json': lock, ...installed }))).toEqual([
      'pkg:npm/a@1.0.0',
      'pkg:npm/b@2.0.0',
    ]);
  });

  it('are read, or not, whatever is in them', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .constantFrom(...lockSamples.map(([, content]) => content))
        .chain((content) =>
          fc
            .tuple(fc.nat(content.length), fc.string())
            .map(([at, part]) => content.slice(0, at) + part + content.slice(at)),
        ),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...lockKinds), text, (kind, content) => {
        let parsed: unknown;
        try {
          parsed = kind.parse(Buffer.from(content), 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
        if (parsed !== undefined) expect(kind.schema().safeParse(parsed).success).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
