import { formatBytes } from '../../core/format-units.ts';
import type { ImageSource } from '../../sbom/index.ts';
import type { Progress } from '../progress.ts';

/** Tells how much of an image was read, as its layers pass by. */
export function reportProgress(source: ImageSource, progress: Progress, what: string): ImageSource {
  let layers = 0;
  let bytes = 0;
  const say = (): void => progress.show(`reading ${what}: ${formatBytes(bytes)} of ${layers} blobs`);
  return {
    ...source,
    async *open(layer, signal) {
      layers++;
      for await (const chunk of source.open(layer, signal)) {
        bytes += chunk.length;
        say();
        yield chunk;
      }
    },
  };
}
