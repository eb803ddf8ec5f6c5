import { LadingError } from '../../core/errors.ts';

export class XzError extends LadingError {
  constructor(why: string, code: 'xz-malformed' | 'xz-unsupported' = 'xz-malformed') {
    super(code, `the xz file cannot be unpacked: ${why}`);
  }
}
