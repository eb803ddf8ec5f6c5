import { LadingError } from '../../core/errors.ts';

/** The bytes are no tar archive, or are cut short. `offset` is where in the archive that showed. */
export class TarError extends LadingError {
  override readonly name = 'TarError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super('tar-malformed', `${message} (at byte ${offset} of the archive)`);
    this.offset = offset;
  }
}
