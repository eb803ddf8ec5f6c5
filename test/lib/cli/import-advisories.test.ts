import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { importAdvisories } from '../../../lib/cli/import-advisories.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { inboxSource } from '../../../lib/vulnerabilities/adapters/inbox-source.ts';
import { memoryAdvisoryStore } from '../../../lib/vulnerabilities/adapters/memory-advisory-store.ts';
import { syncAdvisories } from '../../../lib/vulnerabilities/index.ts';
import { temporaryFolder } from './support.ts';

const record = (id: string) => ({
  ...{ id, modified: '2026-01-01T00:00:00Z' },
  affected: [{ package: { ecosystem: 'npm', name: 'x' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] }],
});

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv('LADING_CWD', folder);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  mkdirSync(join(folder, 'a', 'deep'), { recursive: true });
  writeFileSync(
    join(folder, 'a', 'list.jsonl'),
    `${JSON.stringify(record('A-1'))}\n${JSON.stringify(record('A-2'))}\n`,
  );
  writeFileSync(join(folder, 'a', 'deep', 'one.json'), JSON.stringify(record('A-3')));
});
afterEach(() => vi.unstubAllEnvs());

describe('importing advisories', () => {
  it('puts files into the inbox, out of which a stack compiles them', async () => {
    const documents = memoryDocuments();
    const imported = await importAdvisories(documents, ['a']);
    expect(imported).toMatchObject({
      files: ['advisories/inbox/deep/one.json', 'advisories/inbox/list.jsonl'],
      ...{ advisories: 3, leftOut: [] },
    });
    const store = memoryAdvisoryStore();
    const clock = { now: () => new Date() };
    const synced = await syncAdvisories({
      sources: [inboxSource(documents)],
      store,
      progress: store,
      documents,
      clock,
    });
    expect(synced.sources).toMatchObject([{ state: 'updated', advisories: 3 }]);
  });

  it('leaves out what would make the stack refuse them all', async () => {
    for (const name of ['kev.jsonl', 'broken.jsonl'])
      writeFileSync(join(folder, 'a', name), name === 'kev.jsonl' ? '{"cve":1}\n{"cve":2}' : '{"id');
    const documents = memoryDocuments();
    const imported = await importAdvisories(documents, ['a']);
    expect(imported.files).toHaveLength(2);
    expect(imported.leftOut.map(({ name }) => name).toSorted()).toEqual(['broken.jsonl', 'kev.jsonl']);
  });

  it('takes single files, and files of one name from two folders', async () => {
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b', 'list.jsonl'), JSON.stringify(record('B-1')));
    const documents = memoryDocuments();
    expect((await importAdvisories(documents, ['a/list.jsonl'])).files).toEqual(['advisories/inbox/list.jsonl']);
    const both = await importAdvisories(documents, ['a/list.jsonl', 'b']);
    expect(new Set(both.files).size).toBe(2);
    expect(both.advisories).toBe(3);
  });

  it('puts nothing where nothing is advisories', async () => {
    writeFileSync(join(folder, 'other.jsonl'), '{"x":1}');
    const documents = memoryDocuments();
    await expect(importAdvisories(documents, ['other.jsonl'])).rejects.toMatchObject({ code: 'advisories-unusable' });
    await expect(importAdvisories(documents, ['nowhere'])).rejects.toMatchObject({ code: 'advisories-missing' });
    expect(documents.size).toBe(0);
  });
});
