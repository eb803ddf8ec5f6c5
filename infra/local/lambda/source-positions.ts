import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

/**
 * Rewrites positions in a bundle (`…/index.mjs:1:23423` in a stack trace, or in a chunk beside it) to those in the
 * sources. A source map is read when the first position in its file turns up: functions that do not fail pay nothing.
 *
 * @param bundle path of its `index.mjs`
 */
export function sourcePositions(bundle: string): (text: string) => string {
  const folder = dirname(bundle);
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (file: string): SourceMap | undefined => {
    if (!maps.has(file)) maps.set(file, readMap(file));
    return maps.get(file);
  };
  return (text) =>
    [`${pathToFileURL(folder).href}/`, `${folder}/`].reduce(
      (rewritten, at) => rewrite(rewritten, at, folder, mapOf),
      text,
    );
}

function readMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return undefined; // a bundle without a map: positions stay as they are
  }
}

const original = z.object({ originalSource: z.string(), originalLine: z.number(), originalColumn: z.number() });

const position = /^([\w.-]+\.mjs):(\d+):(\d+)/;

function rewrite(text: string, at: string, folder: string, mapOf: (file: string) => SourceMap | undefined): string {
  const [head = '', ...rest] = text.split(at);
  return rest.reduce((done, part) => {
    const [whole = '', name = '', line, column] = position.exec(part) ?? [];
    const map = whole === '' ? undefined : mapOf(join(folder, name));
    const found = original.safeParse(map?.findEntry(Number(line) - 1, Number(column) - 1));
    if (!found.success) return `${done}${at}${part}`;
    const { originalSource, originalLine, originalColumn } = found.data;
    const source = originalSource.startsWith('file:') ? fileURLToPath(originalSource) : resolve(folder, originalSource);
    return `${done}${relative(process.cwd(), source)}:${originalLine + 1}:${originalColumn + 1}${part.slice(whole.length)}`;
  }, head);
}
