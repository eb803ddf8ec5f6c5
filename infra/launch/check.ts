import { spawnSync } from 'node:child_process';

/** One thing that `npm run check` looks at; it fails by its exit code, or by what `judge` finds in its output. */
interface Check {
  readonly name: string;
  readonly command: readonly string[];
  judge?(output: string, status: number): string | undefined;
}

const depcruise = ['depcruise', '--config', 'test/architecture/dependencies.cjs'];

const checks: readonly Check[] = [
  { name: 'types (tsc)', command: ['tsc', '-p', '.'] },
  { name: 'style (biome)', command: ['biome', 'check', '--error-on-warnings', '.'] },
  {
    name: 'dependency rules (dependency-cruiser)',
    command: [...depcruise, 'functions', 'infra', 'lib'],
    judge: (output, status) => {
      // Without a parser the tool passes on no modules at all, so it must say how many it saw.
      const modules = Number(/\((\d+) modules/.exec(output)?.[1] ?? 0);
      if (modules < 50) return `it looked at ${modules} modules only`;
      return status === 0 ? undefined : 'a rule is broken';
    },
  },
  { name: 'unused code and dependencies (knip)', command: ['knip', '--no-progress'] },
  {
    name: 'infrastructure (CDK synth with cdk-nag)',
    command: ['node', 'infra/launch/synth.ts'],
  },
];

let failed = 0;
for (const { name, command, judge } of checks) {
  const started = performance.now();
  const [program, ...args] = command as [string, ...string[]];
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    env: process.env,
    maxBuffer: 1 << 28,
  });
  const output = `${done.stdout}${done.stderr}${done.error ?? ''}`;
  const status = done.status ?? 1;
  const problem = judge ? judge(output, status) : status === 0 ? undefined : `exit code ${status}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problem ? '✗' : '✓'} ${name} (${seconds} s)${problem ? `: ${problem}\n${output}` : ''}`);
  if (problem) failed++;
}
console.log(`check: ${checks.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);
