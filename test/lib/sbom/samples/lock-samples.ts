/** Each as its package manager writes it, shortened. */
export const lockSamples: readonly (readonly [file: string, content: string, purls: readonly string[]])[] = [
  [
    'package-lock.json',
    '{"lockfileVersion":3,"packages":{"":{"name":"app","version":"1.0.0"},"node_modules/@a/b":{"version":"1.2.3"},"node_modules/c/node_modules/d":{"version":"2.0.0"},"node_modules/own":{"link":true,"resolved":"own"}}}',
    ['pkg:npm/%40a/b@1.2.3', 'pkg:npm/d@2.0.0'],
  ],
  [
    'npm-shrinkwrap.json',
    '{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}}}}',
    ['pkg:npm/a@1.0.0', 'pkg:npm/b@2.0.0'],
  ],
  [
    'yarn.lock',
    '# yarn lockfile v1\n\n"@babel/core@^7.0.0", "@babel/core@^7.1.0":\n  version "7.2.2"\n  resolved "https://example.org"\n\nlodash@^4:\n  version "4.17.21"\n',
    ['pkg:npm/%40babel/core@7.2.2', 'pkg:npm/lodash@4.17.21'],
  ],
  [
    'yarn.lock',
    '__metadata:\n  version: 6\n\n"app@workspace:.":\n  version: 0.0.0-use.local\n\n"lodash@npm:^4.0.0":\n  version: 4.17.21\n  resolution: "lodash@npm:4.17.21"\n',
    ['pkg:npm/lodash@4.17.21'],
  ],
  [
    'pnpm-lock.yaml',
    "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies: {}\n\npackages:\n\n  '@a/b@1.0.0(react@18.2.0)':\n    resolution: {integrity: sha512-x}\n\n  /c/2.0.0_react@18.2.0:\n    dev: false\n\n  d@3.0.0: {}\n\nsnapshots:\n\n  e@4.0.0: {}\n",
    ['pkg:npm/%40a/b@1.0.0', 'pkg:npm/c@2.0.0', 'pkg:npm/d@3.0.0'],
  ],
  [
    'poetry.lock',
    '[[package]]\nname = "Jinja2"\nversion = "2.11.2"\n\n[package.dependencies]\nversion = "none"\n\n[metadata]\nlock-version = "2.0"\n',
    ['pkg:pypi/jinja2@2.11.2'],
  ],
  [
    'uv.lock',
    'version = 1\n\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\n\n[[package]]\nname = "idna"\nversion = "3.7"\nsource = { registry = "https://example.org" }\n',
    ['pkg:pypi/idna@3.7'],
  ],
  [
    'Pipfile.lock',
    '{"_meta":{},"default":{"Zope.Interface":{"version":"==5.0.0"},"local":{"path":"."}},"develop":{"pytest":{"version":"==7.0.0"}}}',
    ['pkg:pypi/zope-interface@5.0.0'],
  ],
  [
    'requirements.txt',
    'flask==1.1.2\nrequests[socks] == 2.19.1 ; python_version > "3"\ndjango>=3\n-r other.txt\n',
    ['pkg:pypi/flask@1.1.2', 'pkg:pypi/requests@2.19.1'],
  ],
  [
    'composer.lock',
    '{"packages":[{"name":"psr/log","version":"1.1.4"}],"packages-dev":[{"name":"x/y","version":"1"}]}',
    ['pkg:composer/psr/log@1.1.4'],
  ],
  [
    'Gemfile.lock',
    'GEM\n  remote: https://example.org/\n  specs:\n    nokogiri (1.15.4-x86_64-linux)\n      racc (~> 1.4)\n    racc (1.7.1)\n\nDEPENDENCIES\n  nokogiri\n',
    ['pkg:gem/nokogiri@1.15.4', 'pkg:gem/racc@1.7.1'],
  ],
  [
    'Cargo.lock',
    'version = 3\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n\n[[package]]\nname = "libc"\nversion = "0.2.99"\nsource = "registry+https://example.org"\n',
    ['pkg:cargo/libc@0.2.99'],
  ],
  [
    'go.mod',
    'module example.org/app\n\ngo 1.21\n\nrequire golang.org/x/net v0.1.0\n\nrequire (\n\tgithub.com/a/b/v2 v2.0.1 // indirect\n)\n',
    ['pkg:golang/github.com/a/b/v2@v2.0.1', 'pkg:golang/golang.org/x/net@v0.1.0'],
  ],
  [
    'mix.lock',
    '%{\n  "plug": {:hex, :plug, "1.14.0", "hash", [:mix], [], "hexpm"},\n  "own": {:git, "https://example.org", "abc", []},\n}\n',
    ['pkg:hex/plug@1.14.0'],
  ],
  ['rebar.lock', '{"1.2.0",\n[{<<"cowlib">>,{pkg,<<"cowlib">>,<<"2.11.0">>},1}]}.\n', ['pkg:hex/cowlib@2.11.0']],
  [
    'gradle.lockfile',
    '# comment\ncom.google.guava:guava:31.1-jre=runtimeClasspath\nempty=annotationProcessor\n',
    ['pkg:maven/com.google.guava/guava@31.1-jre'],
  ],
  [
    'Manifest.toml',
    'julia_version = "1.9.0"\n\n[[deps.JSON]]\ndeps = ["Dates"]\nversion = "0.21.4"\n\n[[deps.Dates]]\nuuid = "x"\n',
    ['pkg:julia/JSON@0.21.4'],
  ],
  [
    'Package.resolved',
    '{"version":2,"pins":[{"identity":"swift-nio","location":"https://github.com/apple/swift-nio.git","state":{"version":"2.40.0"}}]}',
    ['pkg:swift/github.com/apple/swift-nio@2.40.0'],
  ],
  [
    'pubspec.lock',
    'packages:\n  args:\n    dependency: direct\n    source: hosted\n    version: "2.4.0"\n  flutter:\n    source: sdk\n    version: "0.0.0"\nsdks:\n  dart: ">=2"\n',
    ['pkg:pub/args@2.4.0'],
  ],
];
