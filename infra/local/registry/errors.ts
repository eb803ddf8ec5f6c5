import { LadingError } from '../../../lib/core/errors.ts';

/** The codes of distribution-spec 1.1, "Error Codes", and three for server-side failures, which the table leaves open. */
export type OciErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  | 'INSUFFICIENT_STORAGE'
  | 'UNAVAILABLE'
  | 'UNKNOWN';

/** A refusal that the client is told in the JSON of the distribution specification. */
export class OciError extends LadingError {
  override readonly name = 'OciError';
  readonly status: number;
  readonly ociCode: OciErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** One entry of `errors` each; without it there is one entry without detail. */
  readonly details: readonly unknown[];

  constructor(
    status: number,
    code: OciErrorCode,
    message: string,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly details?: readonly unknown[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.status = status;
    this.ociCode = code;
    this.headers = options.headers ?? {};
    this.details = options.details ?? [];
  }
}

const SPACE_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export const systemCode = (error: unknown): unknown =>
  error !== null && typeof error === 'object' && 'code' in error ? error.code : undefined;

/** Turns "no space" of the file system into a refusal that says so; leaves every other error alone. */
export function explainDiskError(error: unknown): unknown {
  if (!SPACE_CODES.has(systemCode(error))) return error;
  return new OciError(507, 'INSUFFICIENT_STORAGE', 'the disk of the registry is full; nothing was stored', {
    cause: error,
  });
}
