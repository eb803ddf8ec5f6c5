import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { KubernetesReader } from '../usage/read-kubernetes.ts';

/** Where a pod finds its service account (Kubernetes, "Accessing the API from within a Pod"). */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT_MS = 30_000;
/** A page of 500 pods. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface KubernetesServer {
  /** `https://host:port`. */
  readonly url: URL;
  /** Asked for each call: tokens of service accounts are renewed. */
  token(): Promise<string>;
  readonly ca: string;
}

/** The cluster that this process runs in. @throws LadingError `kubernetes-unavailable` where it runs in none */
export async function clusterHere(
  environment: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT,
): Promise<KubernetesServer> {
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT ?? '443';
  if (!host) {
    throw new LadingError('kubernetes-unavailable', 'this is no pod of a cluster', {
      hint: 'run it in the cluster, as a cron job, or give it the output of "kubectl get … -o json"',
    });
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: new URL(`https://${name}:${port}`),
    token: async () => (await readFile(join(folder, 'token'), 'utf8')).trim(),
    ca: await readFile(join(folder, 'ca.crt'), 'utf8'),
  };
}

/** Asks the API server with GET alone, whose certificate must be of the given authority. */
export const kubernetesReader = ({ url, token, ca }: KubernetesServer): KubernetesReader => ({
  async get(path) {
    const authorization = `Bearer ${await token()}`;
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request(
        new URL(path, url),
        { ca, headers: { authorization, accept: 'application/json' }, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ANSWER_BYTES) sent.destroy(new Error(`more than ${MAX_ANSWER_BYTES} bytes`));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end();
    }).catch((cause: unknown) => {
      throw new LadingError('kubernetes-unavailable', `${url.host} does not answer`, { cause, retryable: true });
    });
    if (status === 200) return parseJsonStrict(text, { what: path, maxBytes: MAX_ANSWER_BYTES });
    throw new LadingError('kubernetes-unavailable', `${url.host} answered ${status} to ${path}`, {
      ...(status === 403 ? { hint: 'the service account needs "list" on it; see docs/usage.md' } : {}),
    });
  },
});
