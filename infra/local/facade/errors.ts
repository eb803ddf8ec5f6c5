import { jsonError, type ServiceResponse } from '../services/service.ts';

/** Services that speak XML and take streams. */
const isXml = (service: string): boolean => service === 's3' || service === 'sts';

/** A refusal by the facade itself, in the shape of the protocol that the caller speaks. */
export function facadeError(service: string, status: number, code: string, message: string): ServiceResponse {
  if (!isXml(service)) {
    const error = jsonError(status, code, message);
    // SQS clients look for the older query-protocol code, too.
    return service === 'sqs'
      ? { ...error, headers: { ...error.headers, 'x-amzn-query-error': `${code};Sender` } }
      : error;
  }
  const body = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  const xml = service === 's3' ? `<Error>${body}</Error>` : `<ErrorResponse><Error>${body}</Error></ErrorResponse>`;
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`,
  };
}

const escapeXml = (text: string): string =>
  text.replace(/[<>&]/g, (c) => (c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&amp;'));
