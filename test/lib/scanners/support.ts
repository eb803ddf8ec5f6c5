import { scannersConfigSchema } from '../../../lib/scanners/config.ts';
import type { CallApi, ScannerConfig, ScannerRun } from '../../../lib/scanners/index.ts';
import { DIGEST } from './samples.ts';

export const HOST = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
export const subject = {
  ...{ registry: HOST, repository: 'team/app', digest: DIGEST },
  ...{ mediaType: 'application/vnd.oci.image.manifest.v1+json', platform: 'linux/arm64/v8', tags: ['v1'] },
} as const;

export const newRun = (more: Partial<ScannerRun> = {}): ScannerRun => ({
  ...{ subject: { ...subject, tags: [...subject.tags] }, scanner: 'trivy', day: '2026-11-24' },
  ...{ requestedAt: '2026-11-24T10:00:00.000Z', requestedBy: 'test' },
  state: { kind: 'waiting', reason: 'new', notBefore: '2026-11-24T10:00:00.000Z' },
  ...{ attempts: 0, revision: 0 },
  ...more,
});

export const PINNED = `docker.io/x/y@sha256:${'a'.repeat(64)}`;

/** A scanner of the kind, with the settings that a configuration leaves out. */
export function configOf<Kind extends ScannerConfig['kind']>(
  kind: Kind,
  more: object = {},
): Extract<ScannerConfig, { readonly kind: Kind }> {
  const tasks = { subnets: ['subnet-0123abcd'], courier: PINNED };
  const [scanner] = scannersConfigSchema.parse({ tasks, use: [{ kind, ...more }] }).use;
  return scanner as Extract<ScannerConfig, { readonly kind: Kind }>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

type Answer = { readonly status: number; readonly json?: unknown } | Error;

/** An API that gives these answers, one after the other, by method and path without the query. */
export function fakeApi(answers: Readonly<Record<string, Answer | readonly Answer[]>>) {
  const asked: Asked[] = [];
  const given = new Map<string, number>();
  const call: CallApi = async ({ method, url, headers = {}, json }) => {
    asked.push({ method, path: `${url.pathname}${url.search}`, headers, ...(json === undefined ? {} : { json }) });
    const key = `${method} ${url.pathname}`;
    const known = answers[key];
    if (known === undefined) throw new Error(`nobody answers ${key}`);
    const all = Array.isArray(known) ? (known as readonly Answer[]) : [known as Answer];
    const number = given.get(key) ?? 0;
    given.set(key, number + 1);
    const answer = all[Math.min(number, all.length - 1)] as Answer;
    if (answer instanceof Error) throw answer;
    return { status: answer.status, json: answer.json };
  };
  return { call, asked };
}
