import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { installedJsonFile } from '../../../../../lib/sbom/catalogers/php/parse-installed-json.ts';
import { pearRegistryFile } from '../../../../../lib/sbom/catalogers/php/parse-pear-registry.ts';
import { unserializePhp } from '../../../../../lib/sbom/catalogers/php/unserialize.ts';
import { packagesOf } from '../packages-of.ts';

const psr = { name: 'psr/container', version: '2.0.2', license: ['MIT'], require: { php: '>=7.4' } };
const slim = {
  name: 'slim/slim',
  version: 'v4.1',
  license: 'MIT',
  require: { 'psr/container': '^2', 'ext-json': '*' },
};

describe('Composer packages', () => {
  it('are told by what was installed, in both forms of the file', async () => {
    const path = 'app/vendor/composer/installed.json';
    const packages = await packagesOf([{ path, content: JSON.stringify({ packages: [psr, slim], dev: true }) }]);
    expect(packages).toMatchObject([
      { type: 'composer', name: 'psr/container', version: '2.0.2', purl: 'pkg:composer/psr/container@2.0.2' },
      { purl: 'pkg:composer/slim/slim@v4.1', licenses: ['MIT'], dependencies: ['pkg:composer/psr/container@2.0.2'] },
    ]);
    expect(await packagesOf([{ path, content: JSON.stringify([psr, slim]) }])).toMatchObject(
      packages.map(({ id, dependencies }) => ({ id, dependencies })),
    );
  });

  it('are none in other files of the name', () => {
    const parse = (value: unknown) => installedJsonFile.parse(Buffer.from(JSON.stringify(value)), '');
    for (const other of [null, 1, {}, [], { packages: {} }, [1, { name: 'x' }]]) expect(parse(other)).toBeUndefined();
    expect(parse([{ name: 'a/b', version: '1', license: 5, authors: 'x', require: [] }])).toEqual([
      { name: 'a/b', version: '1', licenses: [], authors: [], provides: [], requires: [] },
    ]);
  });
});

type Php = null | boolean | number | string | readonly (readonly [string, Php])[];

/** As PHP's `serialize` writes it. */
function serialize(value: Php): string {
  if (value === null) return 'N;';
  if (typeof value === 'boolean') return `b:${value ? 1 : 0};`;
  if (typeof value === 'number') return `i:${value};`;
  if (typeof value === 'string') return `s:${Buffer.byteLength(value)}:"${value}";`;
  return `a:${value.length}:{${value.map(([key, item]) => serialize(key) + serialize(item)).join('')}}`;
}

describe('PEAR packages', () => {
  it('are told by the registry', async () => {
    const version: Php = [
      ['release', '3.2.0'],
      ['api', '3.2.0'],
    ];
    const license: Php = [['_content', 'PHP License']];
    const entry = serialize([
      ['name', 'memcached'],
      ['channel', 'pecl.php.net'],
      ['version', version],
      ['license', license],
    ]);
    expect(
      await packagesOf([{ path: 'usr/share/php/.registry/.channel.pecl.php.net/memcached.reg', content: entry }]),
    ).toMatchObject([
      {
        type: 'pear',
        name: 'memcached',
        version: '3.2.0',
        purl: 'pkg:pear/pecl.php.net/memcached@3.2.0',
        licenses: ['PHP License'],
      },
    ]);
    const old = serialize([
      ['package', 'Archive_Tar'],
      ['version', '1.3'],
    ]);
    expect(pearRegistryFile.parse(Buffer.from(old), '')).toEqual({ name: 'Archive_Tar', version: '1.3', licenses: [] });
  });

  it('are read from whatever PHP writes, and from nothing else', () => {
    const { value } = fc.letrec<{ value: Php }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.string({ unit: 'grapheme' }),
        fc.uniqueArray(fc.tuple(fc.string(), tie('value')), { selector: ([key]) => key, maxLength: 4 }),
      ),
    }));
    const plain = (php: Php): unknown =>
      Array.isArray(php) ? new Map(php.map(([key, item]: readonly [string, Php]) => [key, plain(item)])) : php;
    fc.assert(
      fc.property(value, (php) => {
        expect(unserializePhp(Buffer.from(serialize(php)))).toEqual(plain(php));
      }),
      { numRuns: 200 },
    );
    for (const bad of ['', 'x', 's:5:"a";', 'a:1:{i:0;}', 'O:1:"a":0:{}', 'a:999999999:{', 's:-1:"";', 'i:5']) {
      expect(() => unserializePhp(Buffer.from(bad))).toThrow(SyntaxError);
    }
    expect(() => unserializePhp(Buffer.from('a:1:{i:0;'.repeat(10_000)))).toThrow('nested too deep');
  });
});
