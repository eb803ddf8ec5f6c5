import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIndexFiles } from '../../../infra/launch/past-indexes.ts';

describe('imports past indexes', () => {
  let folder = '';
  const rewrite = (text: string): string => createIndexFiles().rewrite(text, join(folder, 'use', 'main.ts'));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'past-indexes-'));
    for (const name of ['use', 'a', 'b']) mkdirSync(join(folder, name));
    writeFileSync(
      join(folder, 'a', 'index.ts'),
      [
        "export { one, type Two } from './one.ts';",
        "export { inner as outer } from './inner.ts';",
        "export { far } from '../b/index.ts';",
        "export type { Shape } from './shape.ts';",
        "export * from './all.ts';",
        'export const own = 1;',
      ].join('\n'),
    );
    writeFileSync(join(folder, 'b', 'index.ts'), "export {\n  far,\n  near,\n} from './far.ts';\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('go to where a name is defined, by the name that it has there', () => {
    expect(rewrite("import { one, outer as mine } from '../a/index.ts';")).toBe(
      "import { one as one } from './../a/one.ts'; import { inner as mine } from './../a/inner.ts';",
    );
  });

  it('go through an index of an index', () => {
    expect(rewrite("import { far } from '../a/index.ts';")).toBe("import { far as far } from './../b/far.ts';");
  });

  it('leave out types, and imports of types', () => {
    expect(rewrite("import { one, type Two } from '../a/index.ts';")).not.toContain('Two');
    const types = "import type { Shape } from '../a/index.ts';";
    expect(rewrite(types)).toBe(types);
  });

  it('stay with the index for what it defines itself or takes whole', () => {
    for (const name of ['own', 'starred']) {
      expect(rewrite(`import { ${name} } from '../a/index.ts';`)).toBe(
        `import { ${name} as ${name} } from './../a/index.ts';`,
      );
    }
  });

  it('tell which indexes were looked at: a change of one changes the bundle', () => {
    const indexes = createIndexFiles();
    indexes.rewrite("import { far } from '../a/index.ts';", join(folder, 'use', 'main.ts'));
    expect([...indexes.read]).toEqual([join(folder, 'a', 'index.ts'), join(folder, 'b', 'index.ts')]);
  });
});
