import { LadingError } from '../core/errors.ts';
import { ownCredentials, signRequest } from './sign-request.ts';

const TIMEOUT_MS = 5_000;

/**
 * Tells a task of ECS to stop (API reference, StopTask): one call, for which no client is worth its size. The region is
 * that of the cluster. A task that is gone is stopped.
 *
 * @throws LadingError `task-not-stopped`, retryable
 */
export async function stopTask(
  { cluster, task, reason }: { readonly cluster: string; readonly task: string; readonly reason: string },
  send: typeof fetch = fetch,
): Promise<void> {
  const region = cluster.split(':')[3] ?? '';
  const url = new URL(
    process.env.AWS_ENDPOINT_URL ?? `https://ecs.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`,
  );
  const body = JSON.stringify({ cluster, task, reason });
  const headers = await signRequest({
    service: 'ecs',
    region,
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonEC2ContainerServiceV20141113.StopTask',
    },
    body,
    credentials: ownCredentials,
  });
  const { host: _host, ...given } = headers;
  const response = await send(url, { method: 'POST', headers: given, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (response.ok) return;
  const said = (await response.text()).slice(0, 500);
  if (/InvalidParameterException.*(?:not found|was not found)/s.test(said)) return;
  throw new LadingError('task-not-stopped', `ECS did not stop ${task}: ${response.status} ${said}`, {
    retryable: true,
  });
}
