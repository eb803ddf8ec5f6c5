import { LadingError } from '../../core/errors.ts';

/** The bytes are no RPM database, or are damaged. */
export class RpmDatabaseError extends LadingError {
  override readonly name = 'RpmDatabaseError';

  constructor(message: string) {
    super('rpm-database-damaged', message);
  }
}
