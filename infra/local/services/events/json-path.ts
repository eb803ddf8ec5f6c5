/**
 * The JSON paths that EventBridge takes in InputPath and InputPathsMap: `$`, `.member`, `['member']` and `[index]`.
 * Undefined where there is nothing at the path, or the path is not one.
 */
export function valueAt(document: unknown, path: string): unknown {
  const parts = parsePath(path);
  if (parts === undefined) return undefined;
  let value = document;
  for (const part of parts) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return undefined;
    value = new Map(Object.entries(value)).get(part);
  }
  return value;
}

const PART = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y;

function parsePath(path: string): readonly string[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const parts: string[] = [];
  PART.lastIndex = 1;
  while (PART.lastIndex < path.length) {
    const found = PART.exec(path);
    if (found === null) return undefined;
    parts.push(found[1] ?? found[2] ?? found[3] ?? found[4] ?? '');
  }
  return parts;
}
