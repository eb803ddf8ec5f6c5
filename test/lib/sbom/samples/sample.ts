import type { TarEntryInput } from '../../../support/tar-writer.ts';

/** What one package manager leaves in an image, as it writes it. */
export interface EcosystemSample {
  readonly name: string;
  readonly files: readonly TarEntryInput[];
}
