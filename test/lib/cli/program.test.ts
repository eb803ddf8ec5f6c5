import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { commandNames, loadProgram } from '../../../lib/cli/program.ts';
import { alpineFiles, lading, layoutIn, temporaryFolder } from './support.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '..', '..', '..', 'lib', 'cli', 'main.ts');

/** Runs the command line in a process of its own, and tells which modules it loaded. */
async function loadedBy(args: readonly string[], folder: string): Promise<readonly string[]> {
  const hook = join(folder, 'hook.mjs');
  const list = join(folder, 'loaded.txt');
  writeFileSync(
    hook,
    `import { registerHooks } from 'node:module'; import { appendFileSync } from 'node:fs';
     registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });`,
  );
  const env = { ...process.env, LADING_CWD: folder, XDG_CACHE_HOME: join(folder, 'cache') };
  await run(process.execPath, ['--import', hook, main, ...args], { env });
  return readFileSync(list, 'utf8').split('\n');
}

describe('the program', () => {
  it('has for every command, and every command in one, a description and a help text', async () => {
    const program = await loadProgram(['--help']);
    expect(program.commands.map((command) => command.name())).toEqual(commandNames);
    const visit = (command: (typeof program.commands)[number]): void => {
      expect(command.description(), command.name()).toMatch(/^\S.{10,}/);
      expect(command.helpInformation()).toContain('--help');
      for (const option of command.options)
        expect(option.description, `${command.name()} ${option.flags}`).not.toBe('');
      command.commands.forEach(visit);
    };
    program.commands.forEach(visit);
  });

  it('loads the one command that is called', async () => {
    expect((await loadProgram(['sbom', 'x'])).commands.map((command) => command.name())).toEqual(['sbom']);
    expect((await loadProgram(['constructor'])).commands).toHaveLength(commandNames.length);
  });

  it.each([[['--help']], [['help']], [['sbom', '--help']], [['help', 'scan']], [['advisories', 'import', '--help']]])(
    'explains itself: %j',
    async (args) => {
      const { code, out } = await lading(args, temporaryFolder());
      expect(code).toBe(0);
      expect(out).toMatch(/^Usage: lading/);
    },
  );

  it.each([[['sbmo']], [['sbom']], [['sbom', 'a', 'b']], [['sbom', 'a', '--nope']], [['image']], [['key', 'import']]])(
    'cannot make sense of %j',
    async (args) => {
      const { code, out } = await lading(args, temporaryFolder());
      expect({ code, out }).toEqual({ code: 2, out: '' });
    },
  );

  it('loads nothing of AWS, of the web or of the stages for what needs no stack', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(alpineFiles({ musl: '1.1.22-r2' }), { tag: 'a' });
    const registry = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
    onTestFinished(() => registry.close());
    const address = `localhost:${registry.port}/a`;
    expect((await lading(['push', 'oci:images:a', address], folder)).code).toBe(0);
    for (const args of [
      ['sbom', 'oci:images:a'],
      ['sbom', address],
      ['scan', 'oci:images:a'],
    ]) {
      const loaded = await loadedBy(args, folder);
      expect(loaded.some((url) => url.endsWith('lib/sbom/index.ts'))).toBe(true);
      expect(
        loaded.filter((url) => /@aws-sdk|@smithy|hono|lib\/(?:aws|signing|replication|console)\//.test(url)),
      ).toEqual([]);
    }
  });
});
