import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

/**
 * Rewrites positions in a bundle (`…/index.mjs:1:23423` in a stack trace) to those in the sources. The source map is
 * read when the first position turns up: functions that do not fail pay nothing for it.
 */
export function sourcePositions(bundle: string): (text: string) => string {
  const names = [pathToFileURL(bundle).href, bundle];
  let map: SourceMap | undefined | 'unread' = 'unread';
  return (text) => {
    if (!names.some((name) => text.includes(`${name}:`))) return text;
    if (map === 'unread') map = readMap(bundle);
    const found = map;
    if (found === undefined) return text;
    return names.reduce((rewritten, name) => rewrite(rewritten, name, found, bundle), text);
  };
}

function readMap(bundle: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
  } catch {
    return undefined; // a bundle without a map: positions stay as they are
  }
}

const original = z.object({ originalSource: z.string(), originalLine: z.number(), originalColumn: z.number() });

function rewrite(text: string, name: string, map: SourceMap, bundle: string): string {
  const [head = '', ...rest] = text.split(`${name}:`);
  return rest.reduce((done, part) => {
    const [whole = '', line, column] = /^(\d+):(\d+)/.exec(part) ?? [];
    const found = original.safeParse(map.findEntry(Number(line) - 1, Number(column) - 1));
    if (whole === '' || !found.success) return `${done}${name}:${part}`;
    const { originalSource, originalLine, originalColumn } = found.data;
    const source = originalSource.startsWith('file:')
      ? fileURLToPath(originalSource)
      : resolve(dirname(bundle), originalSource);
    const position = `${relative(process.cwd(), source)}:${originalLine + 1}:${originalColumn + 1}`;
    return `${done}${position}${part.slice(whole.length)}`;
  }, head);
}
