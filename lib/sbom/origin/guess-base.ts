import type { ImageConfig } from '../../formats/oci/index.ts';

/** How builders write CMD: the classic one, BuildKit, Buildah. ENTRYPOINT tells less: many stand before their files. */
const COMMAND = /^(?:\/bin\/sh -c #\(nop\)\s+)?CMD\b/;

/**
 * How many of the lowest layers a base image seems to have brought, told by the history: images end with the command
 * that they run, so one in the middle is the end of another image. The last steps without a layer are the image's own.
 *
 * @returns undefined where the history says nothing of the sort, or does not fit the layers
 */
export function guessBaseLayers({ history, diffIds }: Pick<ImageConfig, 'history' | 'diffIds'>): number | undefined {
  if (history.filter(({ emptyLayer }) => !emptyLayer).length !== diffIds.length) return undefined;
  const lastLayer = history.findLastIndex(({ emptyLayer }) => !emptyLayer);
  const end = history
    .slice(0, Math.max(0, lastLayer))
    .findLastIndex(({ emptyLayer, createdBy }) => emptyLayer && COMMAND.test(createdBy ?? ''));
  if (end < 0) return undefined;
  const layers = history.slice(0, end).filter(({ emptyLayer }) => !emptyLayer).length;
  return layers > 0 ? layers : undefined;
}
