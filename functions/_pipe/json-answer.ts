import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** An answer of the HTTP API with a JSON body. */
export const jsonAnswer = (statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
