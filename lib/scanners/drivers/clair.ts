import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { ImageSubject } from '../../events/index.ts';
import type { ScannerConfig } from '../config.ts';
import type { CallApi, LayerLocator } from '../ports.ts';
import { readReportValue } from '../read-report.ts';
import type { Progress, ScannerDriver } from '../runs/ports.ts';
import { readAnswer, refused } from './answers.ts';

type Clair = Extract<ScannerConfig, { readonly kind: 'clair' }>;

export interface ClairPorts {
  readonly call: CallApi;
  readonly layers: LayerLocator;
  readonly clock: Clock;
  /** The text of the key that tokens are signed with, where the configuration names one. */
  readonly key: () => Promise<string | undefined>;
}

/** Clair fetches and reads the layers before it answers, and breaks off when the request does. Milliseconds. */
const INDEXING_MS = 120_000;
const TOKEN_SECONDS = 300;

const indexReport = z.object({ state: z.string().max(100), err: z.string().max(2000).nullish() });

/** Clair v4 by its HTTP API (reference "openapi.yaml": index_report, vulnerability_report). */
export function clairDriver(config: Clair, ports: ClairPorts): ScannerDriver {
  const { call, clock, key, layers } = ports;
  const ask = async (base: string, path: string, json?: unknown, timeMs?: number) => {
    const secret = await key();
    const authorization =
      secret === undefined ? {} : { authorization: `Bearer ${clairToken(secret, config.issuer, clock)}` };
    return call({
      ...{ method: json === undefined ? ('GET' as const) : ('POST' as const), url: new URL(path, withSlash(base)) },
      ...{ headers: authorization, allowPrivate: config.allowPrivate, allowInsecure: config.allowInsecure },
      ...(json === undefined ? {} : { json }),
      ...(timeMs === undefined ? {} : { timeMs }),
    });
  };
  const afterIndexing = async (subject: ImageSubject, value: unknown): Promise<Progress> => {
    const { state, err } = readAnswer(indexReport, value, "Clair's index report");
    if (state === 'IndexError')
      return { kind: 'failed', code: 'scanner-failed', reason: `Clair could not index it: ${err ?? ''}` };
    if (state !== 'IndexFinished') return { kind: 'running', handle: subject.digest };
    const answer = await ask(config.matcher ?? config.indexer, `matcher/api/v1/vulnerability_report/${subject.digest}`);
    // 404: the matcher does not see yet what the indexer has written.
    if (answer.status === 404) return { kind: 'running', handle: subject.digest };
    if (answer.status !== 200 && answer.status !== 201) throw refused("Clair's vulnerability report", answer);
    return { kind: 'reported', report: readReportValue(answer.json, "Clair's vulnerability report") };
  };
  return {
    async start({ subject }) {
      const found = await layers.locate(subject);
      if (found === undefined)
        return { kind: 'failed', code: 'image-unknown', reason: 'the registry does not hold it' };
      const manifest = {
        hash: subject.digest,
        layers: found.map(({ digest, url, headers }) => ({ hash: digest, uri: url, headers: listed(headers) })),
      };
      const answer = await ask(config.indexer, 'indexer/api/v1/index_report', manifest, INDEXING_MS).catch(
        async (error: unknown) => {
          // A large image takes longer than anybody holds a connection. Whether it goes on is told by its report.
          const known = await ask(config.indexer, `indexer/api/v1/index_report/${subject.digest}`);
          if (known.status === 200) return known;
          throw error;
        },
      );
      if (answer.status !== 200 && answer.status !== 201) throw refused("Clair's indexing", answer);
      return afterIndexing(subject, answer.json);
    },
    async look({ subject }) {
      const answer = await ask(config.indexer, `indexer/api/v1/index_report/${subject.digest}`);
      if (answer.status === 404)
        return { kind: 'failed', code: 'scanner-failed', reason: 'Clair has forgotten the image' };
      if (answer.status !== 200) throw refused("Clair's index report", answer);
      return afterIndexing(subject, answer.json);
    },
  };
}

const withSlash = (base: string): string => (base.endsWith('/') ? base : `${base}/`);
/** As Go's http.Header is written. */
const listed = (headers: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

/** Clair, "Authentication", PSK: a JSON web token that is signed with the shared key (HS256, RFC 7515). */
export function clairToken(key: string, issuer: string, clock: Clock): string {
  const now = Math.floor(clock.now().getTime() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: issuer, iat: now, nbf: now, exp: now + TOKEN_SECONDS })}`;
  const secret = Buffer.from(key.trim(), 'base64');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
