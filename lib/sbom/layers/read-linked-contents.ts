import { normalizePath, type TarHandler } from '../../formats/tar/index.ts';
import type { Gap } from '../model.ts';
import { readFileTree } from './file-tree.ts';
import type { LayerInventory } from './inventory.ts';
import type { WantedLink } from './layer-visitor.ts';
import { isReadable, readContent } from './read-content.ts';
import type { ArchivePass, FailedPass } from './reading.ts';

export type LinkedContents =
  | { readonly status: 'linked'; readonly contents: LayerInventory['contents']; readonly gaps: readonly Gap[] }
  | FailedPass;

/**
 * Package managers with a common store (pnpm) put files into place as hard links; the archive then has the content under
 * a name that says nothing, before the link is seen. A second pass reads those files under the names of their links.
 */
export async function readLinkedContents(
  links: readonly WantedLink[],
  tree: string,
  pass: (handler: TarHandler) => Promise<ArchivePass | FailedPass>,
): Promise<LinkedContents> {
  const byTarget = Map.groupBy(links, (link) => link.target);
  const present = byTarget.size === 0 ? new Set<string>() : filesAmong(byTarget, tree);
  const contents = new Map<number, LayerInventory['contents'][number]>();
  const gaps: Gap[] = [];
  if (present.size === 0) return { status: 'linked', contents: [], gaps };
  const result = await pass({
    entry(entry) {
      const wanted = entry.type === 'file' ? byTarget.get(normalizePath(entry.path).path) : undefined;
      const readable = wanted?.filter((link) => isReadable(link.kind, entry.size)) ?? [];
      for (const link of wanted ?? []) if (!readable.includes(link)) gaps.push(gap(link, 'limit', 'it is too large'));
      if (readable.length === 0) return undefined;
      const sinks = readable.map((link) =>
        readContent(link.kind, { path: link.path, size: entry.size }, (parsed) => {
          if (parsed.status === 'content') {
            contents.set(link.entry, { entry: link.entry, kind: link.kind.id, content: parsed.content });
            gaps.push(...parsed.gaps);
          } else if (parsed.status === 'broken' && link.kind.importance === 'database') {
            gaps.push(gap(link, 'unreadable', parsed.why));
          }
        }),
      );
      return {
        write: (chunk) => sinks.forEach((sink) => void sink.write(chunk)),
        end: () => sinks.forEach((sink) => void sink.end()),
      };
    },
  });
  return result.status === 'archive' ? { status: 'linked', contents: [...contents.values()], gaps } : result;
}

const gap = (link: WantedLink, reason: Gap['reason'], why: string): Gap => ({
  reason,
  code: reason === 'limit' ? `${link.kind.id}-bytes` : `${link.kind.id}-unreadable`,
  message: `${link.path}, a hard link to ${link.target}, was not read: ${why.slice(0, 300)}`,
  path: link.path,
});

function filesAmong(wanted: ReadonlyMap<string, unknown>, tree: string): Set<string> {
  const present = new Set<string>();
  readFileTree(tree, (directory, entry) => {
    if (entry.type !== 'file') return;
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (wanted.has(path)) present.add(path);
  });
  return present;
}
