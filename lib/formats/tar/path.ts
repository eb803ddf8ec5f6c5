/** A name of an archive as a path inside the unpacked tree: no leading or trailing slash, no empty, `.` or `..` part. */
export interface NormalPath {
  /** Empty for the root itself. */
  readonly path: string;
  readonly depth: number;
  /** True where `..` would have climbed over the root; such a part was dropped, as `chroot` does. */
  readonly escapes: boolean;
}

/**
 * Cleans a name lexically, with the root as ceiling: `./a//b/../c` is `a/c`, `../../x` and `/x` are `x`.
 * This is what container runtimes do before they look at links (`filepath.Join("/", name)` in Go's terms).
 */
export function normalizePath(name: string): NormalPath {
  let start = 0;
  if (name.startsWith('./')) start = 2;
  else if (name.startsWith('/')) start = 1;
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  const path = name.slice(start, Math.max(start, end));
  if (path.includes('//') || path.includes('/.') || /^[./]|\/$/.test(path)) return clean(path);
  if (path === '') return { path, depth: 0, escapes: false };
  let depth = 1;
  for (let i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) depth++;
  return { path, depth, escapes: false };
}

function clean(name: string): NormalPath {
  const parts: string[] = [];
  let escapes = false;
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) escapes = true;
  }
  return { path: parts.join('/'), depth: parts.length, escapes };
}
