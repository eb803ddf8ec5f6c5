// Dependency direction: functions -> lib/<capability> -> lib/{events,formats} -> lib/core.
// Needs @swc/core: TypeScript 7 has no JS API, and without a parser the tool passes on 0 modules.
const capability = '^lib/(?!core/|events/|formats/|aws/|cli/)([^/]+)/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^lib/core/' },
      to: { pathNot: '^lib/core/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'kernel-below-capabilities',
      severity: 'error',
      from: { path: '^lib/(events|formats)/' },
      to: { path: '^lib/', pathNot: '^lib/(core|events|formats)/' },
    },
    { name: 'lib-never-up', severity: 'error', from: { path: '^lib/' }, to: { path: '^(infra|functions|test)/' } },
    {
      name: 'no-cdk-at-runtime',
      severity: 'error',
      from: { path: '^(lib|functions)/' },
      to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'sdk-only-in-adapters',
      severity: 'error',
      from: { path: '^lib/', pathNot: ['^lib/[^/]+/adapters/', '^lib/aws/'] },
      to: { path: 'node_modules/@aws-sdk/' },
    },
    {
      name: 'adapters-only-at-composition',
      severity: 'error',
      from: { path: '^lib/', pathNot: ['^lib/cli/', '^lib/[^/]+/adapters/'] },
      to: { path: '^lib/[^/]+/adapters/' },
    },
    {
      name: 'capability-by-public-face',
      severity: 'error',
      from: { path: capability },
      to: { path: capability, pathNot: ['^lib/$1/', '^lib/[^/]+/index\\.ts$'] },
    },
    {
      name: 'functions-apart',
      severity: 'error',
      from: { path: '^functions/([^_/][^/]*)/' },
      to: { path: '^functions/', pathNot: ['^functions/$1/', '^functions/_'] },
    },
    {
      name: 'infra-reads-data-only',
      severity: 'error',
      from: { path: '^infra/', pathNot: '^infra/local/' },
      to: {
        path: '^(functions|lib)/',
        pathNot: ['^functions/[^/]+/function\\.ts$', '^lib/(core|events)/', '^lib/[^/]+/config\\.ts$'],
      },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
