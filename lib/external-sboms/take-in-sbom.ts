import { describeError, isLadingError } from '../core/errors.ts';
import { type ListedSbom, readSbom } from '../sbom/index.ts';
import type { ExternalSbom, FoundSbom } from './model.ts';
import type { ExternalSbomStore } from './ports.ts';

export type TakenIn =
  | { readonly kind: 'kept'; readonly sbom: ExternalSbom; readonly listed: ListedSbom }
  /** It is in no form that is read, or damaged. It is not kept. */
  | { readonly kind: 'unreadable'; readonly why: string };

/**
 * Reads an SBOM of somebody else's, and keeps it as it is, with what is known of it. Doing it again changes nothing.
 *
 * @param maker the tool that made it, where the document does not say
 */
export async function takeInSbom(
  store: Pick<ExternalSbomStore, 'put'>,
  { content, child: _child, ...found }: FoundSbom,
  receivedAt: string,
  maker?: string,
): Promise<TakenIn> {
  let listed: ListedSbom;
  try {
    listed = readSbom(content);
  } catch (error) {
    if (isLadingError(error)) return { kind: 'unreadable', why: describeError(error).slice(0, 1000) };
    throw error;
  }
  const { format = 'native', formatVersion, packages, unidentified } = listed;
  const tool = listed.tool ?? (maker ? { name: maker } : undefined);
  const sbom = await store.put(
    {
      schemaVersion: 1,
      ...found,
      ...(tool
        ? { tool: { name: tool.name.slice(0, 200), ...(tool.version ? { version: tool.version.slice(0, 100) } : {}) } }
        : {}),
      format,
      ...(formatVersion === undefined ? {} : { formatVersion: formatVersion.slice(0, 100) }),
      packages: packages.length,
      unidentified,
      receivedAt,
    },
    content,
  );
  return { kind: 'kept', sbom, listed };
}
