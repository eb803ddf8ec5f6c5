import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedDocuments } from '../../../lib/cli/file-documents.ts';
import { temporaryFolder } from './support.ts';

const bytes = (text: string) => Buffer.from(text);
const textOf = (content: Uint8Array | undefined) => content && Buffer.from(content).toString();

async function keysOf(documents: ReturnType<typeof cachedDocuments>, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of documents.list(prefix)) keys.push(key);
  return keys;
}

describe('cached documents', () => {
  it('are kept under their keys', async () => {
    const documents = cachedDocuments(join(temporaryFolder(), 'new'));
    expect(await documents.get('a/b')).toBeUndefined();
    await documents.put('a/b', bytes('1'));
    await documents.put('a/b', bytes('2'));
    expect(textOf(await documents.get('a/b'))).toBe('2');
    await documents.delete('a/b');
    expect(await documents.get('a/b')).toBeUndefined();
    await documents.delete('a/b');
  });

  it('are written once where that is asked for, by whoever comes first', async () => {
    const documents = cachedDocuments(temporaryFolder());
    const written = await Promise.all(['1', '2', '3', '4'].map((text) => documents.putIfAbsent('a', bytes(text))));
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(textOf(await documents.get('a'))).toBe(String(written.indexOf(true) + 1));
  });

  it('leave nothing half-written behind, and show nothing of it', async () => {
    const folder = temporaryFolder();
    const documents = cachedDocuments(folder);
    await Promise.all(Array.from({ length: 20 }, (_, i) => documents.put('a', bytes(`${i}`.repeat(10_000)))));
    expect(readdirSync(folder)).toEqual(['a']);
    const content = textOf(await documents.get('a')) ?? '';
    expect(new Set(content.match(/.{1,2}/g)).size).toBeLessThanOrEqual(2);
    writeFileSync(join(folder, 'b.x.tmp'), 'half');
    expect(await keysOf(documents, '')).toEqual(['a']);
  });

  it('are listed by prefix, whatever characters their keys have', async () => {
    const documents = cachedDocuments(temporaryFolder());
    for (const key of ['a/1', 'a/2%/ü', 'b/1']) await documents.put(key, bytes(key));
    expect(await keysOf(documents, 'a/')).toEqual(['a/1', 'a/2%/ü']);
    expect(await keysOf(cachedDocuments('/nowhere'), '')).toEqual([]);
  });

  it('never leave their folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'cache'));
    const documents = cachedDocuments(join(folder, 'cache'));
    for (const key of ['../outside', 'a/../../outside', '..', 'a\\..\\..\\outside', '/outside'])
      await documents.put(key, bytes('x'));
    expect(readdirSync(folder)).toEqual(['cache']);
  });

  it('are as good as none where the folder cannot be used', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const documents = cachedDocuments(join(folder, 'file'));
    await documents.put('a', bytes('x'));
    expect(await documents.putIfAbsent('a', bytes('x'))).toBe(false);
    expect(await documents.get('a')).toBeUndefined();
    if (process.getuid?.() !== 0) {
      chmodSync(folder, 0o500);
      await cachedDocuments(join(folder, 'locked')).put('a', bytes('x'));
    }
  });
});
