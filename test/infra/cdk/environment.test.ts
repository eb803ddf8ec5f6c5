import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { environmentName, variableOf } from '../../../functions/_pipe/function.ts';
import { functionDeclarations } from '../../../infra/functions.ts';

const folder = join(import.meta.dirname, '../../../functions');

/** Calls of functions/_pipe/wiring.ts by which a handler reads its environment, and the variable that each reads. */
const readers: Readonly<Record<string, (name: string) => string>> = {
  table: (name) => `${name.toUpperCase()}_TABLE`,
  documents: (name) => `${name.toUpperCase()}_BUCKET`,
  bucketRegistry: (name) => `${name.toUpperCase()}_BUCKET`,
  bucketCollector: (name) => `${name.toUpperCase()}_BUCKET`,
  bucketPacker: (name) => `${name.toUpperCase()}_BUCKET`,
  secretId: (name) => `${name.toUpperCase()}_SECRET_ID`,
  setting: (name) => `${name.toUpperCase()}_CONFIG`,
  requireEnvironment: (name) => name,
};
const withoutName: readonly [RegExp, string][] = [
  [/environmentName\.bus\(\)/, environmentName.bus()],
  [/environmentName\.key\("signing"\)/, environmentName.key('signing')],
  [/environmentName\.key\("postQuantum"\)/, environmentName.key('postQuantum')],
];

/** The handler with all of the project's code that it uses, and none that it does not: esbuild leaves that out. */
async function bundleOf(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, name, 'handler.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    treeShaking: true,
  });
  return outputFiles[0]?.text ?? '';
}

function variablesRead(bundle: string): string[] {
  const found = new Set(withoutName.flatMap(([pattern, variable]) => (pattern.test(bundle) ? [variable] : [])));
  for (const [reader, variable] of Object.entries(readers)) {
    // esbuild numbers names that it meets twice.
    for (const [, name] of bundle.matchAll(new RegExp(`(?<![.\\w])${reader}\\d*\\(\\s*"([\\w]+)"`, 'g'))) {
      found.add(variable(String(name)));
    }
  }
  return [...found].sort();
}

describe('what a handler reads of its environment', () => {
  for (const { name, uses } of functionDeclarations) {
    const written = existsSync(join(folder, name, 'handler.ts'));
    it.skipIf(!written)(`${name}: is declared${written ? '' : ' (skipped: it has no handler yet)'}`, async () => {
      const read = variablesRead(await bundleOf(name));
      expect(read.length).toBeGreaterThan(0);
      const declared = uses.map(variableOf);
      expect(read.filter((variable) => !declared.includes(variable))).toEqual([]);
    });
  }

  it('is found by this test: the wiring reads the environment in no other way', () => {
    const wiring = readFileSync(join(folder, '_pipe/wiring.ts'), 'utf8');
    const reading = [...wiring.matchAll(/environmentName\.(\w+)\('?(\w*)'?\)/g)].map(([, kind, argument]) => [
      kind,
      argument,
    ]);
    expect(reading.sort()).toEqual([
      ['bucket', 'bucket'],
      ['bucket', 'name'],
      ['bus', ''],
      ['key', 'postQuantum'],
      ['key', 'signing'],
      ['secret', 'name'],
      ['setting', 'name'],
      ['table', 'name'],
    ]);
    for (const reader of [
      'table',
      'documents',
      'bucketRegistry',
      'bucketCollector',
      'bucketPacker',
      'secretId',
      'setting',
    ]) {
      expect(wiring).toMatch(new RegExp(`export (?:const ${reader} =|function ${reader}\\b)`));
    }
  });

  it('is told for what is not declared', () => {
    const planted =
      'const a = table2("catalog");\nsetting("policy", schema); x.table("no"); requireEnvironment("HOME_URL");';
    expect(variablesRead(planted)).toEqual(['CATALOG_TABLE', 'HOME_URL', 'POLICY_CONFIG']);
    expect(variablesRead('requireEnvironment(environmentName.bus())')).toEqual(['EVENT_BUS_NAME']);
  });
});
