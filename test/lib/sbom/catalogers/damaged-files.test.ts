import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileKinds } from '../../../../lib/sbom/catalogers/index.ts';

/** A file of each kind that is whole, to be damaged. */
const samples: Readonly<Record<string, { readonly path: string; readonly content: string }>> = {
  'python-metadata': {
    path: 'a.dist-info/METADATA',
    content:
      'Name: a\nVersion: 1\nLicense: MIT\nClassifier: License :: OSI Approved :: MIT\nRequires-Dist: b[c] (>1)\n\nx',
  },
  'python-direct-url': {
    path: 'a.dist-info/direct_url.json',
    content: '{"url":"https://u:p@h.example/a","vcs_info":{"vcs":"git","commit_id":"c"}}',
  },
  'conda-meta': { path: 'conda-meta/a.json', content: '{"name":"a","version":"1","channel":"c","depends":["b >1"]}' },
  'ruby-gemspec': {
    path: 'specifications/a.gemspec',
    content:
      '# stub: a 1 ruby lib\ns.name = "a".freeze\ns.version = "1"\ns.licenses = ["M", %q<I>]\ns.add_dependency(%q<b>)\n',
  },
  'php-installed-json': {
    path: 'vendor/composer/installed.json',
    content:
      '{"packages":[{"name":"a/b","version":"1","license":["MIT"],"authors":[{"name":"n"}],"require":{"c/d":"1"}}]}',
  },
  'php-pear-registry': {
    path: 'php/.registry/a.reg',
    content: 'a:2:{s:4:"name";s:1:"a";s:7:"version";a:1:{s:7:"release";s:1:"1";}}',
  },
  'alpm-desc': {
    path: 'var/lib/pacman/local/a-1/desc',
    content: '%NAME%\na\n\n%VERSION%\n1\n\n%DEPENDS%\nb>=1\nc\n\n%LICENSE%\nMIT\n',
  },
  'portage-contents': { path: 'var/db/pkg/a/b-1/CONTENTS', content: 'dir /usr\n' },
  'portage-license': { path: 'var/db/pkg/a/b-1/LICENSE', content: '|| ( MIT GPL-2 )\n' },
  'r-description': { path: 'a/DESCRIPTION', content: 'Package: a\nVersion: 1\nImports: b (>= 1),\n c\nLicense: MIT\n' },
  'lua-rockspec': {
    path: 'a.rockspec',
    content: 'local v = "1"\npackage = "a"\nversion = v .. "-1"\ndependencies = { "b >= 1", [[c]] } --[[ x ]]\n',
  },
  'bitnami-spdx': {
    path: 'opt/bitnami/a/.spdx-a.spdx',
    content:
      '{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","versionInfo":"1","licenseConcluded":"MIT","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/a@1"}]}]}',
  },
  'bitnami-components': {
    path: 'opt/bitnami/.bitnami_components.json',
    content: '{"a":{"version":"1","arch":"amd64"}}',
  },
  'homebrew-formula': { path: 'Cellar/a/1/.brew/a.rb', content: 'class A < Formula\n  license "MIT"\n' },
  'conan-info': { path: 'd/a/1/_/_/package/x/conaninfo.txt', content: '[full_requires]\n  b/2@u/c#r:p\n' },
  'wordpress-plugin': {
    path: 'wp-content/plugins/a/a.php',
    content: '<?php\n/*\nPlugin Name: a\nVersion: 1\nAuthor: b\n*/',
  },
  'opkg-status': { path: 'usr/lib/opkg/status', content: 'Package: a\nVersion: 1\nDepends: b, c | d\n\nPackage: e\n' },
  'perl-cpan-install': {
    path: '.meta/A-1/install.json',
    content: '{"dist":"A-1","version":"1","pathname":"A/AB/ABC/A-1.tar.gz"}',
  },
  'rpm-manifest': {
    path: 'var/lib/rpmmanifest/container-manifest-2',
    content: 'a\t1-2\t0\t0\tv\t(none)\t9\tx86_64\t0\ta-1-2.src.rpm\n',
  },
};

describe('a damaged file', () => {
  it.each(Object.entries(samples))('of the kind %s gives what its schema says, nothing, or an error', (id, sample) => {
    const kind = fileKinds.find((one) => one.id === id);
    if (!kind) throw new Error(`there is no kind ${id}`);
    const whole = Buffer.from(sample.content);
    const parsed = kind.parse(whole, sample.path);
    expect(kind.schema().safeParse(parsed).error).toBeUndefined();
    const splice = fc.record({
      at: fc.nat(whole.length),
      remove: fc.nat(12),
      add: fc.oneof(
        fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom('"', '{', '}', '[', '\n', '\n\n', ':', '\\', '%', ';', '__proto__', '\u{1F600}')
          .map(Buffer.from),
        fc.nat(whole.length).map((start) => whole.subarray(start, start + 20)),
      ),
    });
    fc.assert(
      fc.property(fc.array(splice, { minLength: 1, maxLength: 6 }), (splices) => {
        let content = whole;
        for (const { at, remove, add } of splices) {
          content = Buffer.concat([content.subarray(0, at), add, content.subarray(at + remove)]);
        }
        let found: unknown;
        try {
          found = kind.parse(content, sample.path);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        if (found === undefined) return;
        const stored: unknown = JSON.parse(JSON.stringify(found));
        expect(kind.schema().safeParse(stored).error).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
