import type { TarEntryInput } from '../../../support/tar-writer.ts';
import type { EcosystemSample } from './sample.ts';

const text = (path: string, ...lines: readonly string[]): TarEntryInput => ({ path, content: `${lines.join('\n')}\n` });
const json = (path: string, value: unknown): TarEntryInput => ({ path, content: JSON.stringify(value) });
const site = 'usr/lib/python3/dist-packages';

const gemspec = (name: string, version: string): string => `# -*- encoding: utf-8 -*-
# stub: ${name} ${version} ruby lib

Gem::Specification.new do |s|
  s.name = "${name}".freeze
  s.version = "${version}"
  s.licenses = ["MIT".freeze]
  s.authors = ["A".freeze]
  s.homepage = "https://example.org".freeze
end
`;

const depsJson = {
  runtimeTarget: { name: '.NETCoreApp,Version=v8.0', signature: '' },
  targets: {
    '.NETCoreApp,Version=v8.0': {
      'web/1.0.0': { dependencies: { 'Newtonsoft.Json': '13.0.3', 'Build.Only': '1.0.0' }, runtime: { 'web.dll': {} } },
      'Newtonsoft.Json/13.0.3': {
        runtime: { 'lib/net6.0/Newtonsoft.Json.dll': { assemblyVersion: '13.0.0.0', fileVersion: '13.0.3.27908' } },
      },
      'Serilog/3.1.1': { runtime: { 'lib/net7.0/Serilog.dll': {} } },
      'Build.Only/1.0.0': {},
    },
  },
  libraries: {
    'web/1.0.0': { type: 'project', serviceable: false, sha512: '' },
    'Newtonsoft.Json/13.0.3': {
      type: 'package',
      serviceable: true,
      sha512: 'sha512-x',
      path: 'newtonsoft.json/13.0.3',
      hashPath: 'newtonsoft.json.13.0.3.nupkg.sha512',
    },
    'Serilog/3.1.1': { type: 'package', serviceable: true, sha512: 'sha512-y', path: 'serilog/3.1.1' },
    'Build.Only/1.0.0': { type: 'package', serviceable: true, sha512: 'sha512-z', path: 'build.only/1.0.0' },
  },
};

/** What package managers of languages leave where they install to. */
export const languageSamples: readonly EcosystemSample[] = [
  {
    name: 'npm',
    files: [
      json('app/package.json', { name: 'app', version: '1.0.0', dependencies: { '@babel/core': '^7' } }),
      json('app/node_modules/@babel/core/package.json', {
        name: '@babel/core',
        version: '7.24.0',
        license: 'MIT',
        dependencies: { semver: '^6' },
      }),
      json('app/node_modules/semver/package.json', { name: 'semver', version: '6.3.1', license: 'ISC' }),
      json('app/node_modules/semver/esm/package.json', { type: 'module' }),
      json('app/node_modules/nameless/package.json', { version: '1.0.0' }),
      json('app/node_modules/versionless/package.json', { name: 'versionless' }),
    ],
  },
  {
    name: 'Python',
    files: [
      text(
        `${site}/requests-2.31.0.dist-info/METADATA`,
        'Metadata-Version: 2.1',
        'Name: requests',
        'Version: 2.31.0',
        'License: Apache 2.0',
        'Requires-Dist: idna (<4,>=2.5)',
        '',
        'Text',
      ),
      text(`${site}/requests-2.31.0.dist-info/RECORD`, 'requests/__init__.py,sha256=x,12'),
      text(`${site}/idna-3.7.dist-info/METADATA`, 'Metadata-Version: 2.1', 'Name: idna', 'Version: 3.7'),
      json(`${site}/idna-3.7.dist-info/direct_url.json`, {
        url: 'https://example.org/idna.git',
        vcs_info: { vcs: 'git', commit_id: 'abc' },
      }),
      text(
        `${site}/Zope.Interface-5.0.egg-info/PKG-INFO`,
        'Metadata-Version: 1.2',
        'Name: Zope.Interface',
        'Version: 5.0',
      ),
      text(`${site}/six-1.16.0.egg-info`, 'Metadata-Version: 1.2', 'Name: six', 'Version: 1.16.0'),
      text(`${site}/old.egg/EGG-INFO/PKG-INFO`, 'Metadata-Version: 1.0', 'Name: old', 'Version: 0.1'),
      text(`${site}/nover.dist-info/METADATA`, 'Metadata-Version: 2.1', 'Name: nover'),
    ],
  },
  {
    name: 'conda',
    files: [
      json('opt/conda/conda-meta/numpy-1.26.4-py311h1.json', {
        name: 'numpy',
        version: '1.26.4',
        build: 'py311h1',
        build_number: 0,
        channel: 'https://conda.example/conda-forge/linux-64',
        subdir: 'linux-64',
        license: 'BSD-3-Clause',
        depends: ['python >=3.11'],
        files: [],
        md5: 'x',
      }),
    ],
  },
  {
    name: 'Ruby',
    files: [
      text('usr/local/lib/ruby/gems/3.3.0/specifications/rack-3.0.9.gemspec', gemspec('rack', '3.0.9')),
      text('usr/local/lib/ruby/gems/3.3.0/specifications/default/json-2.7.1.gemspec', gemspec('json', '2.7.1')),
      text(
        'usr/local/bundle/specifications/nokogiri-1.16.2-x86_64-linux.gemspec',
        gemspec('nokogiri', '1.16.2').replace('ruby lib', 'x86_64-linux lib'),
      ),
    ],
  },
  {
    name: 'Composer',
    files: [
      json('app/vendor/composer/installed.json', {
        packages: [
          {
            name: 'monolog/monolog',
            version: '3.5.0',
            version_normalized: '3.5.0.0',
            license: ['MIT'],
            require: { 'psr/log': '^3' },
            type: 'library',
          },
          { name: 'psr/log', version: 'v3.0.0', license: ['MIT'], type: 'library' },
        ],
        dev: false,
      }),
      json('old/vendor/composer/installed.json', [{ name: 'a/b', version: '1.2', type: 'library' }]),
    ],
  },
  {
    name: 'PEAR',
    files: [
      text(
        'usr/share/php/.registry/.channel.pecl.php.net/redis.reg',
        'a:4:{s:4:"name";s:5:"redis";s:7:"channel";s:12:"pecl.php.net";s:7:"version";a:2:{s:7:"release";s:5:"5.3.7";s:3:"api";s:5:"5.3.0";}s:7:"license";s:3:"PHP";}',
      ),
    ],
  },
  { name: '.NET', files: [json('app/web.deps.json', depsJson)] },
  {
    name: 'NuGet lock',
    files: [
      json('src/packages.lock.json', {
        version: 1,
        dependencies: {
          'net8.0': { Dapper: { type: 'Direct', requested: '[2.1.28, )', resolved: '2.1.28', contentHash: 'x' } },
        },
      }),
    ],
  },
  {
    name: 'R',
    files: [
      text(
        'usr/lib/R/library/dplyr/DESCRIPTION',
        'Package: dplyr',
        'Version: 1.1.4',
        'Title: A Grammar',
        'License: MIT + file LICENSE',
        'Imports: rlang (>= 1.1), utils',
        'Built: R 4.3.2; ; 2024-01-01; unix',
      ),
      text(
        'usr/lib/R/library/rlang/DESCRIPTION',
        'Package: rlang',
        'Version: 1.1.3',
        'Title: Core',
        'License: GPL-3',
        'Built: R 4.3.2; ; 2024-01-01; unix',
      ),
    ],
  },
  {
    name: 'Lua',
    files: [
      text(
        'usr/local/lib/luarocks/rocks-5.1/kong/3.6-0/kong-3.6-0.rockspec',
        'package = "kong"',
        'version = "3.6-0"',
        'source = { url = "https://example.org/k.git" }',
        'description = { license = "Apache-2.0", homepage = "https://example.org" }',
        'dependencies = { "lua >= 5.1" }',
      ),
    ],
  },
  {
    name: 'Perl',
    files: [
      json('usr/local/lib/perl5/site_perl/5.38.0/x86_64-linux-gnu/.meta/libwww-perl-6.77/install.json', {
        dist: 'libwww-perl-6.77',
        version: '6.77',
        name: 'LWP',
        pathname: 'O/OA/OALDERS/libwww-perl-6.77.tar.gz',
        provides: { LWP: { file: 'LWP.pm', version: '6.77' } },
      }),
    ],
  },
  {
    name: 'WordPress',
    files: [
      text(
        'var/www/html/wp-content/plugins/akismet/akismet.php',
        '<?php',
        '/*',
        'Plugin Name: Akismet',
        'Plugin URI: https://example.org',
        'Version: 5.3.1',
        'Author: Automattic',
        'License: GPLv2 or later',
        '*/',
      ),
    ],
  },
  {
    name: 'Conan',
    files: [
      text(
        'root/.conan/data/zlib/1.3.1/_/_/package/abc/conaninfo.txt',
        '[settings]',
        '    os=Linux',
        '',
        '[full_requires]',
        '    bzip2/1.0.8:def',
        '',
      ),
    ],
  },
  {
    name: 'Java runtime',
    files: [
      text(
        'opt/java/openjdk/release',
        'IMPLEMENTOR="Eclipse Adoptium"',
        'JAVA_RUNTIME_VERSION="21.0.2+13-LTS"',
        'JAVA_VERSION="21.0.2"',
        'FULL_VERSION="21.0.2+13-LTS"',
        'SEMANTIC_VERSION="21.0.2+13"',
        'OS_ARCH="x86_64"',
        'IMAGE_TYPE="JRE"',
      ),
      text('opt/java/openjdk/lib/libjvm.so', 'x'),
      text('opt/java/openjdk/bin/java', 'x'),
    ],
  },
];
