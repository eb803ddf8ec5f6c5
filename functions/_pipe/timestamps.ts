import { startDeadline } from '../../lib/registry/adapters/http/deadline.ts';
import { createOriginPolicy } from '../../lib/registry/adapters/http/origin-policy.ts';
import { createTransport } from '../../lib/registry/adapters/http/transport.ts';
import { collectContent } from '../../lib/registry/index.ts';
import { httpTimestamper } from '../../lib/signing/adapters/http-timestamper.ts';
import type { SigningConfig, Timestamper } from '../../lib/signing/index.ts';

const TIME_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/**
 * The configured timestamp authority, called as registries are: its own host alone, at an address that was checked,
 * with an end to time and bytes and no redirect followed.
 */
export function timestamperAt(at: NonNullable<SigningConfig['timestamps']>): Timestamper {
  const url = new URL(at.url);
  const policy = createOriginPolicy({ base: url, allowHosts: [], ...at });
  const send = async (_url: unknown, init: RequestInit | undefined): Promise<Response> => {
    const transport = createTransport(policy);
    const deadline = startDeadline(undefined, TIME_MS, `an answer of ${url.host}`);
    try {
      policy.check(url, 'the timestamp authority');
      const body = new Uint8Array(await new Response(init?.body).arrayBuffer());
      const headers = { ...(init?.headers as Record<string, string>), 'content-length': String(body.length) };
      const response = await transport.send({ method: 'POST', url, headers, body, signal: deadline.signal });
      const bytes = await collectContent(response.body, MAX_BYTES, `the answer of ${url.host}`);
      return new Response(Uint8Array.from(bytes), { status: response.status });
    } finally {
      deadline.clear();
      transport.close();
    }
  };
  return httpTimestamper(at.url, { send: send as typeof fetch });
}
