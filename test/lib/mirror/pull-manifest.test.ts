import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { mirrorRuleSchema } from '../../../lib/mirror/config.ts';
import {
  createSingleFlight,
  type PulledManifest,
  type PullManifestPorts,
  pullManifest,
  routeRepository,
} from '../../../lib/mirror/index.ts';
import { registryError } from '../../../lib/registry/errors.ts';

const bytes = Buffer.from('{"schemaVersion":2}');
const digest = digestOf(bytes);

/** An upstream with one tag, which can be made to fail or to fall silent. */
function world(ttl = 0) {
  const stored = new Map<string, Digest>();
  const asked: string[] = [];
  const clock = manualClock();
  let mood: 'well' | 'failing' | 'silent' = 'well';
  const patience = new AbortController();
  const answer = async <T>(what: string, value: T, signal: AbortSignal | undefined): Promise<T> => {
    asked.push(what);
    if (mood === 'failing') throw registryError('registry-unavailable', 'down');
    if (mood === 'well') return value;
    return new Promise((_, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  };
  const ports: PullManifestPorts = {
    cache: {
      find: (_, reference) => {
        const found = stored.get(reference);
        return found && { digest: found };
      },
      async store(_, manifest, tag) {
        for (const name of [manifest.digest, ...(tag === undefined ? [] : [tag])]) stored.set(name, manifest.digest);
      },
    },
    upstream: async () => ({
      headManifest: (_, call) => answer('HEAD', { digest, mediaType: 'x', size: bytes.length }, call?.signal),
      getManifest: (_, call) => answer('GET', { digest, mediaType: 'x', bytes }, call?.signal),
    }),
    flights: createSingleFlight<PulledManifest>(),
    checked: new Map(),
    down: new Map(),
    clock,
    patience: () => patience.signal,
  };
  const rule = mirrorRuleSchema.parse({ prefix: 'up', upstream: 'u.example', where: 'edge', tagTtlSeconds: ttl });
  const route = routeRepository([rule], 'up/app');
  if (!route) throw new Error('no route');
  const pull = (reference: string) => pullManifest(ports, route, reference);
  const from = async (reference: string) => {
    const pulled = await pull(reference);
    return pulled.kind === 'found' ? pulled.from : pulled.kind;
  };
  const feel = (next: typeof mood): void => {
    mood = next;
  };
  return { pull, from, feel, asked, clock, giveUp: () => patience.abort(new DOMException('late', 'TimeoutError')) };
}

describe('a manifest of a mirror', () => {
  it('is fetched once however many ask, and then only asked about', async () => {
    const { pull, from, asked } = world();
    const pulled = await Promise.all([pull('v1'), pull('v1'), pull('v1')]);
    expect(pulled.map((one) => one.kind === 'found' && one.from)).toEqual(['upstream', 'cache', 'cache']);
    expect(await from('v1')).toBe('cache');
    expect(await from(digest)).toBe('cache');
    expect(asked).toEqual(['GET', 'HEAD']);
  });

  it('is served as it was while the upstream is down, without asking for each tag again', async () => {
    const { from, feel, asked, clock } = world();
    await from('v1');
    feel('failing');
    expect(await from('v1')).toBe('stale');
    expect(await from('v1')).toBe('stale');
    expect(asked).toEqual(['GET', 'HEAD']);
    expect(await from('unknown')).toBe('unavailable');
    clock.advance(15_001);
    feel('well');
    expect(await from('v1')).toBe('cache');
    expect(await from('v1')).toBe('cache');
    expect(asked).toEqual(['GET', 'HEAD', 'GET', 'HEAD', 'HEAD']);
  });

  it('is served as it was where the upstream falls silent', async () => {
    const { from, feel, giveUp } = world();
    await from('v1');
    feel('silent');
    const waiting = from('v1');
    giveUp();
    expect(await waiting).toBe('stale');
  });

  it('is not asked about while its time lasts', async () => {
    const { from, asked, clock } = world(60);
    await from('v1');
    clock.advance(59_000);
    await from('v1');
    expect(asked).toEqual(['GET']);
    clock.advance(1_001);
    await from('v1');
    expect(asked).toEqual(['GET', 'HEAD']);
  });
});
