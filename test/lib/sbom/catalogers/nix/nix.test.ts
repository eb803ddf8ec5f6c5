import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStorePath } from '../../../../../lib/sbom/catalogers/nix/parse-store-path.ts';
import { packagesOf } from '../packages-of.ts';

const HASH = 'h0cnbmfcn93xm5dg2x27ixhag1cwndga';
const store = (name: string) => `nix/store/${HASH}-${name}`;

describe('packages of a Nix store', () => {
  it.each([
    ['glibc-2.34-210-bin', 'glibc', '2.34-210', 'bin'],
    ['glibc-2.37-8', 'glibc', '2.37-8', undefined],
    [
      'busybox-static-x86_64-unknown-linux-musl-1.35.0',
      'busybox-static-x86_64-unknown-linux-musl',
      '1.35.0',
      undefined,
    ],
    ['perl5.34.1-TimeDate-2.33', 'perl5.34.1-TimeDate', '2.33', undefined],
    ['libcap-2.63-lib', 'libcap', '2.63', 'lib'],
    ['bash-interactive-5.1-p16-man', 'bash-interactive', '5.1-p16', 'man'],
    ['openssl-1.1.1q', 'openssl', '1.1.1q', undefined],
    ['tzdata-2022a', 'tzdata', '2022a', undefined],
    ['webdav-server-rs-unstable-2021-08-16', 'webdav-server-rs', 'unstable-2021-08-16', undefined],
    ['kmod-29', 'kmod', '29', undefined],
    ['a-1.0+b.2', 'a', '1.0+b.2', undefined],
    ['nodejs-18.16.05', 'nodejs', '18.16.05', undefined],
  ])('%s is taken apart', (folder, name, version, output) => {
    const expected = { hash: HASH, name, version, ...(output ? { output } : {}) };
    expect(parseStorePath(`${HASH}-${folder}`)).toEqual(expected);
  });

  it('have a version', () => {
    for (const folder of ['source', 'base-system', '0018-pkg-config.patch']) {
      expect(parseStorePath(`${HASH}-${folder}`)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const found = parseStorePath(`${HASH}-${text}`);
        if (found) expect(`${found.name}-${found.version}`.length).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('are found by any file in their folder, with the layer that brought it, until they are removed', async () => {
    const base = [
      { path: `${store('glibc-2.34-210-bin')}/share/man/glibc.1`, content: 'x' },
      { path: `${store('zlib-1.2.13')}/`, content: '' },
      { path: `${store('gone-1.0')}/bin/gone`, content: 'x' },
      { path: `${store('a-1.0.drv')}`, content: 'Derive()' },
      { path: `nix/store/.links/x-1.0/y`, content: 'x' },
      { path: 'unix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-no-1.0/x', content: 'x' },
    ];
    const upper = [
      { path: `${store('zlib-1.2.13')}/lib/libz.so`, content: 'x' },
      { path: `nix/store/.wh.${HASH}-gone-1.0`, content: '' },
      { path: `${store('new-3')}/x`, content: 'x' },
      { path: `gnu/store/${HASH}-guile-3.0.9/bin/guile`, content: 'x' },
    ];
    const packages = await packagesOf(base, upper);
    expect(packages.map(({ id, layer, locations }) => [id, layer, locations[0]?.path])).toEqual([
      ['guix:guile@3.0.9', 1, `gnu/store/${HASH}-guile-3.0.9`],
      [`pkg:nix/glibc@2.34-210?output=bin&outputhash=${HASH}`, 0, store('glibc-2.34-210-bin')],
      [`pkg:nix/new@3?outputhash=${HASH}`, 1, store('new-3')],
      [`pkg:nix/zlib@1.2.13?outputhash=${HASH}`, 0, store('zlib-1.2.13')],
    ]);
  });
});
