import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock } from '../../lib/core/clock.ts';
import { describeError, isLadingError, LadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { openDesiredState } from '../../lib/edge/index.ts';
import { type HubLink, type SiteMemory, type SiteRound, syncSite } from '../../lib/edge/site/index.ts';
import { createSiteToken } from '../../lib/edge/site-token.ts';
import { blobsOf, parseManifest } from '../../lib/formats/oci/index.ts';
import { collectContent, type Registries, type RegistryReader } from '../../lib/registry/index.ts';
import { isOpen } from '../../lib/selection/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { parseVerificationKey, type VerificationKey } from '../../lib/signing/index.ts';
import { edgeCache } from './edge-cache.ts';
import type { SiteConfig } from './edge-config.ts';
import type { EmbeddedRegistry, RegistryStore } from './registry/index.ts';
import { writeFileAtomic } from './services/state/atomic-file.ts';

/** What a site signs with, and whom it believes. Read once, at the start. */
export interface SiteKeys {
  readonly own: KeyObject;
  readonly trust: readonly VerificationKey[];
}

export async function readSiteKeys({ key, trust }: SiteConfig): Promise<SiteKeys> {
  return {
    own: createPrivateKey(await readFile(key)),
    trust: await Promise.all(trust.map(async (file) => parseVerificationKey(await readFile(file, 'utf8')))),
  };
}

export interface SiteAgent {
  /** One round now; those that come together share it. */
  round(): Promise<SiteRound>;
  status(): unknown;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly config: SiteConfig;
  readonly keys: SiteKeys;
  readonly registry: EmbeddedRegistry;
  readonly registries: Registries;
  readonly budgetBytes: number;
  readonly directory: string;
  /** Base address of the hub's API; absent: reports are not sent. */
  readonly api: string | undefined;
  readonly localName: (repository: string) => string | undefined;
  readonly onProblem: (error: unknown) => void;
  readonly clock?: Clock;
}

/** Runs the rounds of a site, one after another, until it is closed. */
export async function startSiteAgent(options: AgentOptions): Promise<SiteAgent> {
  const { config, keys, registry, budgetBytes, localName, onProblem, clock = systemClock } = options;
  const memory = siteMemory(join(options.directory, 'site.json'));
  const ports = {
    ...{ site: config.name, memory, clock, keys: keys.trust },
    hub: hubLink({ ...options, clock, memory }),
    cache: edgeCache(registry, { budgetBytes, localName }),
    signer: localSigner(keys.own),
    limits: {
      isOpen: (now: Date) => isOpen(config.windows, now),
      ...(config.bytesPerSecond === undefined ? {} : { pace: pacer(config.bytesPerSecond, clock) }),
    },
  };
  let last: { readonly at: string; readonly round: SiteRound } | undefined;
  let running: Promise<SiteRound> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const round = (): Promise<SiteRound> => {
    running ??= syncSite(ports)
      .then((done) => {
        last = { at: clock.now().toISOString(), round: done };
        if (done.state.kind === 'refused') onProblem(new LadingError('edge-state-refused', done.state.detail));
        return done;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  const next = (): void => {
    if (closed) return;
    timer = setTimeout(() => void round().catch(onProblem).then(next), config.everySeconds * 1000);
    timer.unref();
  };
  next();
  return {
    round,
    status: () => ({ name: config.name, ...(last === undefined ? {} : { lastRoundAt: last.at, ...told(last.round) }) }),
    async close() {
      closed = true;
      clearTimeout(timer);
      await running?.catch(() => undefined);
    },
  };
}

const told = ({ state, generation, frozen, prefetch, report }: SiteRound) => ({
  ...{ state, generation, frozen, report, fetchedBytes: prefetch.fetchedBytes },
  missing: prefetch.missing.map(({ image, why, detail }) => ({
    ...{ repository: image.repository, digest: image.digest, why, detail },
  })),
});

/** Waits so that no more bytes come a second than they may, file by file. */
function pacer(bytesPerSecond: number, clock: Clock): (bytes: number) => Promise<void> {
  let free = 0;
  return async (bytes) => {
    const now = clock.now().getTime();
    const wait = free - now;
    free = Math.max(free, now) + (bytes / bytesPerSecond) * 1000;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  };
}

const recordSchema = z.object({
  generation: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
  envelope: z.base64().optional(),
});

/** Appears by rename: a crash leaves what was before. A file that cannot be read stops the site, which must not go back. */
export function siteMemory(path: string): SiteMemory {
  return {
    async load() {
      const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (bytes === undefined) return { generation: 0, sequence: 0 };
      const { envelope, ...record } = recordSchema.parse(parseJsonStrict(bytes));
      return envelope === undefined ? record : { ...record, envelope: Buffer.from(envelope, 'base64') };
    },
    save: ({ generation, sequence, envelope }) =>
      writeFileAtomic(
        path,
        JSON.stringify({
          ...{ generation, sequence },
          ...(envelope === undefined ? {} : { envelope: Buffer.from(envelope).toString('base64') }),
        }),
      ),
  };
}

/** States by the hub's registry, or by a bundle where it does not answer; reports by its API. */
function hubLink(options: AgentOptions & { readonly clock: Clock; readonly memory: SiteMemory }): HubLink {
  const { config, keys, registries, registry, api, clock, memory } = options;
  const repository = `${config.namespace}/${config.name}`;
  return {
    async desired() {
      try {
        return await envelopeFrom(await registries.open(config.hub), repository);
      } catch (error) {
        if (!isLadingError(error)) throw error;
        const carried = await carriedState(registry.store, repository, keys.trust);
        if (carried === undefined || carried.generation <= (await memory.load()).generation) throw error;
        return carried.envelope;
      }
    },
    async report(envelope) {
      if (api === undefined) throw new LadingError('api-unreachable', 'this site was told of no API to report to');
      const path = `/v1/edge/sites/${config.name}/reports`;
      const request = { method: 'POST', path, body: envelope };
      const claims = { site: config.name, audience: config.audience, now: clock.now(), id: randomUUID() };
      const answer = await post(new URL(path, api), envelope, createSiteToken(keys.own, request, claims));
      if (answer.ok) return { kind: 'accepted', standing: await wordOf(answer, 'standing') };
      if (answer.status >= 500) throw new LadingError('api-unreachable', `the hub answered ${answer.status}`);
      return { kind: 'refused', reason: answer.status === 401 ? 'unauthorized' : await wordOf(answer, 'reason') };
    },
  };
}

const REPORT_MS = 60_000;

async function post(url: URL, body: Uint8Array, token: string): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      body: new Uint8Array(body),
      redirect: 'error',
      signal: AbortSignal.timeout(REPORT_MS),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.dsse.envelope.v1+json' },
    });
  } catch (cause) {
    throw new LadingError('api-unreachable', `${url.host} does not answer: ${describeError(cause)}`, { cause });
  }
}

async function wordOf(answer: Response, key: string): Promise<string> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(await answer.json().catch(() => undefined));
  const word = parsed.data?.[key];
  return typeof word === 'string' ? word.slice(0, 100) : `status ${answer.status}`;
}

const MAX_ENVELOPE = 24 * 1024 * 1024;

async function envelopeFrom(hub: RegistryReader, repository: string): Promise<Uint8Array | undefined> {
  const found = await hub.getManifest({ repository, reference: 'desired' });
  const [layer] = found === undefined ? [] : blobsOf(parseManifest(found.bytes, found.mediaType)).slice(-1);
  if (layer === undefined || layer.size > MAX_ENVELOPE) return undefined;
  const content = hub.openBlob({ repository, digest: layer.digest, size: layer.size });
  return Uint8Array.from(await collectContent(content, MAX_ENVELOPE, 'the desired state'));
}

/** What a bundle left in this registry, if the hub signed it. */
async function carriedState(store: RegistryStore, repository: string, keys: readonly VerificationKey[]) {
  for (const tag of ['seen', 'desired']) {
    const found = await store.getManifest(repository, tag);
    const [layer] = found === undefined ? [] : blobsOf(parseManifest(found.bytes, found.manifest.mediaType)).slice(-1);
    const envelope = layer && layer.size <= MAX_ENVELOPE ? await store.readBlob(repository, layer.digest) : undefined;
    if (envelope === undefined) continue;
    try {
      return { envelope, generation: openDesiredState(envelope, keys).generation };
    } catch (error) {
      if (!isLadingError(error)) throw error;
    }
  }
  return undefined;
}
