import { join } from 'node:path';
import { type Digest, isDigest } from '../../../../lib/core/digest.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';
import type { MirrorRule } from '../../../../lib/mirror/config.ts';
import {
  createMirrorCounter,
  createSingleFlight,
  type GateReader,
  judgeImage,
  type MirrorCounts,
  type MirrorRoute,
  type PulledManifest,
  pullManifest,
  routeRepository,
} from '../../../../lib/mirror/index.ts';
import type { Registries } from '../../../../lib/registry/index.ts';
import { OciError } from '../errors.ts';
import type { RegistryStore } from '../model.ts';
import type { StoreParts } from '../store-parts.ts';
import { borrowBlob } from '../write-blobs.ts';
import { putManifest } from '../write-manifests.ts';
import { denied, held, isRunnable, unavailable } from './answers.ts';
import type { BlobFlight } from './blob-flight.ts';
import { type BlobFlights, createBlobFlights } from './blob-flights.ts';
import type { DiskBudget } from './disk-budget.ts';
import type { BlobPassage } from './passage.ts';
import { openReleaseFile } from './release-file.ts';

export interface MirrorOptions {
  readonly rules: readonly MirrorRule[];
  /** Where the upstreams are opened. */
  readonly registries: Registries;
  /** Whose verdict lets an image out of quarantine. */
  readonly gate: GateReader;
}

export interface MirrorStatus {
  readonly prefix: string;
  readonly upstream: string;
  readonly quarantine: 'gate' | 'off';
  readonly counts: MirrorCounts;
}

/** A client of the mirror: whoever is known by name is one of our functions, which must read what is held. */
export interface MirrorClient {
  readonly repository: string;
  readonly principal: string | undefined;
}

export interface Mirror {
  covers(repository: string): boolean;
  /**
   * Sees to it that the manifest is in the store, and that the client may have it.
   *
   * @throws OciError 404, 403 where the gate refuses it, 429 with `Retry-After` while it is held, 503 in an outage
   */
  manifest(client: MirrorClient, reference: string): Promise<Digest>;
  /** The same for a blob: `undefined` where it is in the store, else its flight there, or its way past a full disk. */
  blob(client: MirrorClient, digest: Digest): Promise<BlobFlight | BlobPassage | undefined>;
  /** The image that the content belongs to is pulled until the returned function is called: nothing of it goes. */
  pulling(repository: string, digest: Digest): () => void;
  /** Bytes of a blob that a manifest names, which need not be here; nothing is fetched. */
  blobSize(client: MirrorClient, digest: Digest): Promise<number>;
  /** Fetches what the upstream has of referrers, so that the store lists them. */
  referrers(client: MirrorClient, subject: Digest): Promise<void>;
  served(repository: string, bytes: number): void;
  status(): readonly MirrorStatus[];
}

/** Layers that a manifest may name are fetched from an upstream for its clients, checked, kept and counted. */
export async function openMirror(
  parts: StoreParts,
  store: RegistryStore,
  options: MirrorOptions & { readonly directory: string; readonly budget?: DiskBudget | undefined },
): Promise<Mirror> {
  const releases = await openReleaseFile(join(options.directory, 'released'));
  const mirror = new PullThroughMirror(parts, store, options, { gate: options.gate, releases });
  await mirror.takeUp();
  return mirror;
}

class PullThroughMirror implements Mirror {
  readonly #parts: StoreParts;
  readonly #store: RegistryStore;
  readonly #options: MirrorOptions & { readonly budget?: DiskBudget | undefined };
  readonly #judge: Parameters<typeof judgeImage>[0];
  readonly #counter = createMirrorCounter();
  readonly #manifests = createSingleFlight<PulledManifest>();
  readonly #checked = new Map<string, number>();
  readonly #down = new Map<string, number>();
  readonly #blobs: BlobFlights;
  readonly #runs = new Map<Digest, boolean>();

  constructor(
    parts: StoreParts,
    store: RegistryStore,
    options: MirrorOptions & { readonly budget?: DiskBudget | undefined },
    judge: Parameters<typeof judgeImage>[0],
  ) {
    this.#parts = parts;
    this.#store = store;
    this.#options = options;
    this.#judge = judge;
    this.#blobs = createBlobFlights(parts, (...given) => this.pulling(...given));
  }

  covers(repository: string): boolean {
    return routeRepository(this.#options.rules, repository) !== undefined;
  }

  async manifest(client: MirrorClient, reference: string): Promise<Digest> {
    const route = this.#route(client.repository);
    const pulled = await this.#pull(route, reference);
    this.#countPull(route, pulled);
    switch (pulled.kind) {
      case 'unknown':
        throw new OciError(404, 'MANIFEST_UNKNOWN', `${route.rule.upstream} has no manifest "${reference}"`);
      case 'unavailable':
        throw unavailable(route, pulled.cause);
      case 'found':
        await this.#admit(client, route, [pulled.digest], isDigest(reference) ? undefined : reference);
        return pulled.digest;
    }
  }

  async blob(client: MirrorClient, digest: Digest): Promise<BlobFlight | BlobPassage | undefined> {
    const route = this.#route(client.repository);
    const size = await this.blobSize(client, digest);
    const has = this.#parts.state.repositories.get(client.repository)?.blobs.has(digest);
    if (has || (await borrowBlob(this.#parts, client.repository, digest))) {
      this.#count(route, { hits: 1 });
      return undefined;
    }
    const wanted = { repository: client.repository, digest, size };
    const known = this.#blobs.find(wanted);
    if (known !== undefined) {
      this.#count(route, { hits: 1 });
      return known;
    }
    this.#count(route, { misses: 1 });
    const flight = await this.#blobs.start(wanted, (offset) => this.#read(route, digest, size, offset));
    flight?.done.catch(() => this.#count(route, { failed: 1 }));
    return flight ?? { size, digest, source: this.#read(route, digest, size, 0) };
  }

  takeUp(): Promise<void> {
    return this.#blobs.takeUp((repository, digest) => this.#sizeOf(repository, digest));
  }

  pulling(repository: string, digest: Digest): () => void {
    return this.#options.budget?.pulling(repository, digest) ?? (() => undefined);
  }

  #sizeOf(name: string, digest: Digest): number | undefined {
    const repository = this.#parts.state.repositories.get(name);
    return [...(repository?.namedBy.get(digest) ?? [])]
      .flatMap((by) => repository?.manifests.get(by)?.summary.blobs ?? [])
      .find((blob) => blob.digest === digest)?.size;
  }

  async blobSize(client: MirrorClient, digest: Digest): Promise<number> {
    const repository = this.#parts.state.repositories.get(client.repository);
    const namedBy = [...(repository?.namedBy.get(digest) ?? [])];
    const size = this.#sizeOf(client.repository, digest);
    // What no manifest of the repository names is not fetched: the mirror is no way to ask an upstream for anything.
    if (size === undefined) throw new OciError(404, 'BLOB_UNKNOWN', `the repository has no blob ${digest}`);
    await this.#admit(client, this.#route(client.repository), namedBy, undefined);
    return size;
  }

  async referrers(client: MirrorClient, subject: Digest): Promise<void> {
    const route = this.#route(client.repository);
    const { rule, upstreamRepository } = route;
    if ((this.#down.get(rule.upstream) ?? 0) > this.#parts.clock.now().getTime()) return;
    try {
      const upstream = await this.#options.registries.open(rule.upstream);
      const of = { repository: upstreamRepository, digest: subject };
      const { descriptors } = await upstream.listReferrers(of, { signal: AbortSignal.timeout(REFERRERS_MS) });
      for (const { digest } of descriptors) await this.#pull(route, digest);
    } catch (error) {
      // What is here is listed; a signature that cannot be had is missing, and verifying says so.
      if (!isLadingError(error) && !isTimeout(error)) throw error;
      this.#down.set(rule.upstream, this.#parts.clock.now().getTime() + DOWN_MS);
    }
  }

  served(repository: string, bytes: number): void {
    this.#count(this.#route(repository), { bytesFromCache: bytes });
  }

  status(): readonly MirrorStatus[] {
    return this.#options.rules.map(({ prefix, upstream, quarantine }) => ({
      prefix,
      upstream,
      quarantine: quarantine.until,
      counts: this.#counter.of(prefix),
    }));
  }

  #route(repository: string): MirrorRoute {
    const route = routeRepository(this.#options.rules, repository);
    if (route === undefined) throw new OciError(404, 'NAME_UNKNOWN', `no upstream stands behind "${repository}"`);
    return route;
  }

  #pull(route: MirrorRoute, reference: string): Promise<PulledManifest> {
    const { clock } = this.#parts;
    const cache = {
      find: (repository: string, at: string) => this.#store.findManifest(repository, at),
      store: (...given: Parameters<typeof this.storeManifest>) => this.storeManifest(...given),
    };
    const upstream = (host: string) => this.#options.registries.open(host);
    return pullManifest(
      { cache, upstream, flights: this.#manifests, checked: this.#checked, down: this.#down, clock },
      route,
      reference,
    );
  }

  /** Bytes and type as the upstream gave them; what they name comes when a client asks for it. */
  async storeManifest(
    repository: string,
    manifest: { readonly digest: Digest; readonly mediaType: string; readonly bytes: Uint8Array },
    tag: string | undefined,
  ): Promise<void> {
    const { rule } = this.#route(repository);
    const stored = await putManifest(this.#parts, repository, {
      ...manifest,
      tags: tag === undefined ? [] : [tag],
      pulledFrom: { prefix: rule.prefix, upstream: rule.upstream },
    });
    if (stored.outcome === 'stored') return;
    const why = 'reason' in stored ? stored.reason : stored.outcome;
    throw new OciError(502, 'MANIFEST_INVALID', `what ${rule.upstream} has as ${manifest.digest} is refused: ${why}`);
  }

  async #admit(
    { repository, principal }: MirrorClient,
    route: MirrorRoute,
    anyOf: readonly Digest[],
    tag: string | undefined,
  ): Promise<void> {
    if (principal !== undefined) return;
    let refusal: OciError | undefined;
    for (const digest of anyOf) {
      const parents = [...(this.#parts.state.repositories.get(repository)?.namedBy.get(digest) ?? [])];
      const runs = await this.#isRunnable(repository, digest);
      const judgement = await judgeImage(this.#judge, route, { digest, runs, parents }, tag);
      if (judgement.kind === 'serve') return;
      if (judgement.kind === 'refused') refusal = denied(repository, digest, judgement.reasons);
      else refusal ??= held(repository, digest, judgement.retryAfterSeconds);
    }
    if (refusal === undefined) return;
    this.#count(route, refusal.status === 403 ? { denied: 1 } : { held: 1 });
    throw refusal;
  }

  async #isRunnable(repository: string, digest: Digest): Promise<boolean> {
    const known = this.#runs.get(digest);
    if (known !== undefined) return known;
    const found = await this.#store.getManifest(repository, digest);
    if (!found) return true;
    const runs = isRunnable(found.bytes, found.manifest.mediaType);
    if (this.#runs.size >= MAX_KNOWN) this.#runs.clear();
    this.#runs.set(digest, runs);
    return runs;
  }

  async *#read(route: MirrorRoute, digest: Digest, size: number, start: number): AsyncGenerator<Uint8Array> {
    const upstream = await this.#options.registries.open(route.rule.upstream);
    // As a range, because the store hashes every byte itself before the blob has a name.
    const range = size === 0 ? {} : { range: { start, end: size - 1 } };
    for await (const piece of upstream.openBlob({ repository: route.upstreamRepository, digest, size }, range)) {
      this.#count(route, { bytesFromUpstream: piece.length });
      yield piece;
    }
  }

  #countPull(route: MirrorRoute, pulled: PulledManifest): void {
    switch (pulled.kind) {
      case 'unknown':
        return;
      case 'unavailable':
        this.#count(route, { failed: 1 });
        return;
      case 'found':
        if (pulled.from === 'stale') this.#count(route, { stale: 1 });
        else if (pulled.from === 'cache') this.#count(route, { hits: 1 });
        else this.#count(route, { misses: 1, bytesFromUpstream: pulled.bytes });
    }
  }

  #count({ rule }: MirrorRoute, what: Partial<MirrorCounts>): void {
    this.#counter.add(rule.prefix, what);
  }
}

const MAX_KNOWN = 100_000;
/** An upstream that did not answer is not asked again for so long. */
const DOWN_MS = 15_000;
/** Who lists referrers has the image, and is told of those that are here rather than kept waiting. */
const REFERRERS_MS = 10_000;
const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError';
