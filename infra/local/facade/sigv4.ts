import type { IncomingHttpHeaders } from 'node:http';

/** The credential scope of a signed request ("Create a signed AWS API request"). */
export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

const HEADER = /^AWS4-HMAC-SHA256\s+(?:.*[\s,])?Credential=([^,\s]+)/;

/** From the Authorization header, or from the query of a presigned address. Undefined where there is none. */
export function credentialScope(headers: IncomingHttpHeaders, query: URLSearchParams): CredentialScope | undefined {
  const credential = HEADER.exec(headers.authorization ?? '')?.[1] ?? query.get('X-Amz-Credential') ?? '';
  const [accessKeyId, date, region, service, terminator, ...more] = credential.split('/');
  if (!accessKeyId || !date || !region || !service || terminator !== 'aws4_request' || more.length > 0)
    return undefined;
  return { accessKeyId, region, service };
}
