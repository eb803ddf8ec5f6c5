import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStsService } from '../../../../../infra/local/services/sts/index.ts';
import { type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

let server: ServiceServer;
beforeAll(async () => {
  server = await startServiceServer({ services: [createStsService()], accountId: '123456789012' });
});
afterAll(() => server.stop());

/** The SDK's STS client is no dependency of the project: this is the request that it sends. */
const call = async (action: string, principal = 'developer') => {
  const response = await fetch(server.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `AWS4-HMAC-SHA256 Credential=${principal}/20260101/eu-central-1/sts/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: `Action=${action}&Version=2011-06-15`,
  });
  return { status: response.status, body: await response.text() };
};

describe('GetCallerIdentity', () => {
  it('says who calls', async () => {
    const developer = await call('GetCallerIdentity');
    expect(developer.status).toBe(200);
    expect(developer.body).toContain('<Arn>arn:aws:iam::123456789012:user/developer</Arn>');
    expect(developer.body).toContain('<Account>123456789012</Account>');
    const role = await call('GetCallerIdentity', 'SignRole');
    expect(role.body).toContain('<Arn>arn:aws:sts::123456789012:assumed-role/SignRole/local</Arn>');
  });

  it('is all that is answered', async () => {
    const other = await call('AssumeRole');
    expect(other.status).toBe(400);
    expect(other.body).toContain('<Code>InvalidAction</Code>');
  });
});
