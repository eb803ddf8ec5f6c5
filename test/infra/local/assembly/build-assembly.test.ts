import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildAssembly } from '../../../../infra/local/assembly/build-assembly.ts';
import { bundleFunctions } from '../../../../infra/local/assembly/bundle-functions.ts';
import { fingerprint } from '../../../../infra/local/assembly/fingerprint.ts';
import { readAssembly } from '../../../../infra/local/assembly/read-assembly.ts';

const mini = join(import.meta.dirname, '..', 'fixtures', 'mini');
const modules = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules');
const defaults = { region: 'eu-central-1', accountId: '000000000000' };

describe('an assembly', () => {
  const app = 'infra/tiny.ts';
  let work: string;
  let root: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'lading-assembly-'));
    root = join(work, 'project');
    await cp(mini, root, { recursive: true });
    await symlink(modules, join(work, 'node_modules'), 'dir');
    // An app that needs no CDK, where it only matters that there is one.
    await writeFile(
      join(root, app),
      `import { mkdirSync, writeFileSync } from 'node:fs';
       const { CDK_OUTDIR = '', CDK_CONTEXT_JSON = '' } = process.env;
       const write = (name: string, value: unknown) => writeFileSync(CDK_OUTDIR + '/' + name, JSON.stringify(value));
       mkdirSync(CDK_OUTDIR);
       write('t.json', { Resources: {}, Outputs: { context: { Value: JSON.parse(CDK_CONTEXT_JSON) } } });
       write('manifest.json', { artifacts: { A: { type: 'aws:cloudformation:stack', properties: { templateFile: 't.json' } } } });`,
    );
  });
  afterAll(() => rm(work, { recursive: true, force: true }));
  const cacheDir = (): string => join(work, 'cache');

  it('is made of bundles and templates, and taken from the cache the next time', async () => {
    const first = await buildAssembly({ root, cacheDir: cacheDir() });
    expect(first.cached).toBe(false);
    expect(first.stacks.map(({ stackName, region, accountId }) => [stackName, region, accountId])).toEqual([
      ['Home', 'eu-central-1', '000000000000'],
      ['Away', 'eu-west-1', '000000000000'],
    ]);
    const [home] = first.stacks;
    const fn = Object.values(home?.template.Resources ?? {}).find(({ Type }) => Type === 'AWS::Lambda::Function');
    const { S3Key } = (fn?.Properties?.Code ?? {}) as { S3Key: string };
    const folder = home?.assetPath(S3Key) ?? '';
    const files = await readdir(folder);
    expect(files).toEqual(expect.arrayContaining(['index.mjs', 'index.mjs.map']));
    expect(files.filter((file) => !/^[\w.-]+\.mjs(?:\.map)?$/.test(file))).toEqual([]);
    const { handler } = await import(join(folder, 'index.mjs'));
    expect(typeof handler).toBe('function');
    const { sources } = JSON.parse(await readFile(join(folder, 'index.mjs.map'), 'utf8'));
    expect(sources.some((source: string) => source.endsWith('functions/count-events/handler.ts'))).toBe(true);

    const again = await buildAssembly({ root, cacheDir: cacheDir() });
    expect(again.cached).toBe(true);
    expect(again.stacks.map(({ template }) => template)).toEqual(first.stacks.map(({ template }) => template));
  });

  it('hands context over to the app, which makes it another assembly', async () => {
    const { cached, stacks } = await buildAssembly({ root, cacheDir: cacheDir(), app, context: { added: 'x' } });
    expect(cached).toBe(false);
    expect(stacks[0]?.template.Outputs?.context?.Value).toMatchObject({ tableName: 'counts', added: 'x' });
  });

  it('is not half made by a failure, and old ones are cleared away', async () => {
    const before = (await readdir(cacheDir())).sort();
    await expect(buildAssembly({ root, cacheDir: cacheDir(), app: 'infra/none.ts' })).rejects.toMatchObject({
      code: 'synth-failed',
      message: expect.stringContaining('none.ts'),
    });
    expect((await readdir(cacheDir())).sort()).toEqual(before);
    const stale = join(cacheDir(), '.stale');
    await mkdir(stale);
    await utimes(stale, new Date(0), new Date(0));
    for (const name of ['a', 'b', 'c']) {
      await mkdir(join(cacheDir(), name));
      await utimes(join(cacheDir(), name), new Date(1000), new Date(1000));
    }
    const running = join(cacheDir(), 'f'.repeat(32));
    await mkdir(running);
    await utimes(running, new Date(Date.now() - 600_000), new Date(Date.now() - 600_000));
    await buildAssembly({ root, cacheDir: cacheDir(), app, context: { third: 1 } });
    expect(await readdir(cacheDir())).toContain('f'.repeat(32));
    await rm(running, { recursive: true });
    const left = (await readdir(cacheDir())).filter((name) => name !== 'compile-cache');
    expect(left).toHaveLength(3);
    expect(left.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true);
  });
});

describe('bundling', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lading-bundle-'));
    await mkdir(join(root, 'functions', 'good'), { recursive: true });
    await mkdir(join(root, 'functions', '_pipe'));
    await writeFile(
      join(root, 'functions', 'good', 'handler.ts'),
      `import { createRequire } from 'node:module';
       declare const require: (name: string) => { sep: string };
       export const handler = async () => [typeof createRequire, require('node:path').sep];`,
    );
    await writeFile(join(root, 'functions', '_pipe', 'function.ts'), 'export const x = 1;');
  });

  it('makes a folder per function that is whole by itself, in which CommonJS can still require', async () => {
    await mkdir(join(root, 'functions', 'twin'), { recursive: true });
    await writeFile(join(root, 'functions', 'twin', 'handler.ts'), `export { handler } from '../good/handler.ts';`);
    const { names, folder } = await bundleFunctions(root, join(root, 'out'));
    expect(names).toEqual(['good', 'twin']);
    expect((await readdir(folder)).sort()).toEqual(['good', 'twin']);
    // What both need is in both: each is deployed without the other.
    await cp(join(folder, 'twin'), join(root, 'elsewhere'), { recursive: true });
    await rm(join(folder, 'twin'), { recursive: true });
    const twin = await import(join(root, 'elsewhere', 'index.mjs'));
    expect(await twin.handler()).toEqual(['function', '/']);
    const { handler } = await import(join(folder, 'good', 'index.mjs'));
    expect(await handler()).toEqual(['function', '/']);
  });

  it('says what does not compile, and where', async () => {
    await mkdir(join(root, 'functions', 'bad'));
    await writeFile(join(root, 'functions', 'bad', 'handler.ts'), `import './missing.ts';`);
    await expect(bundleFunctions(root, join(root, 'out'))).rejects.toMatchObject({
      code: 'bundle-failed',
      message: expect.stringMatching(/Could not resolve "\.\/missing\.ts"[\s\S]*functions\/bad\/handler\.ts/),
    });
  });
});

describe('the fingerprint', () => {
  it('changes with every input and with nothing else', async () => {
    const root = await mkdtemp(join(tmpdir(), 'lading-print-'));
    const write = async (path: string, text: string): Promise<string> => {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), text);
      return await fingerprint(root, {});
    };
    const seen = new Set<string>();
    const changing: [string, string][] = [
      ['infra/app.ts', '1'],
      ['infra/app.ts', '2'],
      ['infra/app2.ts', ''],
      ['functions/a/handler.ts', '1'],
      ['lib/core/x.ts', '1'],
      ['lib/core/data.json', '{}'],
      ['package-lock.json', '{}'],
      ['cdk.json', '{}'],
    ];
    for (const [path, text] of changing) seen.add(await write(path, text));
    expect(seen.size).toBe(changing.length);
    const last = await fingerprint(root, {});
    for (const path of ['infra/local/x.ts', 'lib/node_modules/y.ts', 'lib/.hidden', 'docs/z.md', 'test/t.ts']) {
      expect(await write(path, 'x')).toBe(last);
    }
    expect(await fingerprint(root, { context: 1 })).not.toBe(last);
  });
});

describe('reading an assembly', () => {
  it('takes explicit environments, defaults where there are none, and the stacks of stages', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lading-read-'));
    const template = JSON.stringify({ Resources: {} });
    const stack = (environment: string) => ({
      type: 'aws:cloudformation:stack',
      environment,
      properties: { templateFile: 't.json' },
    });
    await writeFile(join(folder, 't.json'), template);
    await mkdir(join(folder, 'stage'));
    await writeFile(join(folder, 'stage', 't.json'), template);
    await writeFile(
      join(folder, 'stage', 'manifest.json'),
      JSON.stringify({ artifacts: { C: stack('aws://1/eu-north-1') } }),
    );
    await writeFile(
      join(folder, 'manifest.json'),
      JSON.stringify({
        artifacts: {
          A: stack('aws://unknown-account/unknown-region'),
          B: { ...stack('aws://222222222222/us-east-1'), properties: { templateFile: 't.json', stackName: 'named' } },
          S: { type: 'cdk:cloud-assembly', properties: { directoryName: 'stage' } },
          T: { type: 'cdk:tree' },
        },
      }),
    );
    expect((await readAssembly(folder, defaults)).map((s) => [s.stackName, s.region, s.accountId])).toEqual([
      ['A', 'eu-central-1', '000000000000'],
      ['named', 'us-east-1', '222222222222'],
      ['C', 'eu-north-1', '1'],
    ]);
    await writeFile(join(folder, 't.json'), '{"Resources": 1}');
    await expect(readAssembly(folder, defaults)).rejects.toMatchObject({ code: 'template-invalid' });
    await writeFile(join(folder, 't.json'), '{');
    await expect(readAssembly(folder, defaults)).rejects.toMatchObject({ code: 'assembly-invalid' });
  });
});
