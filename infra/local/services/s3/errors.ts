import { LadingError } from '../../../../lib/core/errors.ts';

/** An answer of S3 that is no success: HTTP status and code as in the S3 API reference, "Error responses". */
export class S3Error extends LadingError {
  override readonly name = 'S3Error';
  readonly status: number;
  /** Further elements of the error document, or headers that belong to it. */
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: {
      readonly details?: Readonly<Record<string, string>>;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(code, message);
    this.status = status;
    this.details = more.details ?? {};
    this.headers = more.headers ?? {};
  }
}

export const noSuchBucket = (bucket: string): S3Error =>
  new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { details: { BucketName: bucket } });

export const noSuchKey = (key: string): S3Error =>
  new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { details: { Key: key } });

export const noSuchVersion = (key: string, versionId: string): S3Error =>
  new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', {
    details: { Key: key, VersionId: versionId },
  });

export const noSuchUpload = (uploadId: string): S3Error =>
  new S3Error(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { details: { UploadId: uploadId } },
  );

export const preconditionFailed = (condition: string): S3Error =>
  new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    details: { Condition: condition },
  });

export const conditionalConflict = (condition: string): S3Error =>
  new S3Error(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { details: { Condition: condition } },
  );

export const accessDenied = (message = 'Access Denied'): S3Error => new S3Error(403, 'AccessDenied', message);

export const invalidArgument = (name: string, value: string, message: string): S3Error =>
  new S3Error(400, 'InvalidArgument', message, { details: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });

export const invalidRequest = (message: string): S3Error => new S3Error(400, 'InvalidRequest', message);

export const malformedXml = (why: string): S3Error =>
  new S3Error(
    400,
    'MalformedXML',
    `The XML you provided was not well-formed or did not validate against our published schema (${why})`,
  );

/** Said loudly for whatever is not answered: a sub-resource that fell through would overwrite or delete the object. */
export const notImplemented = (what: string): S3Error =>
  new S3Error(501, 'NotImplemented', `The local S3 does not implement ${what}.`);
