import { LadingError } from '../../core/errors.ts';

/** The bytes cannot be unpacked: damaged, cut short, or packed in a way that is not read here. */
export class CompressionError extends LadingError {
  override readonly name = 'CompressionError';

  constructor(code: 'compression-malformed' | 'compression-unsupported', message: string, cause?: unknown) {
    super(code, message, { cause });
  }
}
