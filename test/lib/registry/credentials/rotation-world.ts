import { manualClock } from '../../../../lib/core/clock.ts';
import type {
  CredentialTest,
  MintedToken,
  RotationLease,
  SecretState,
  SecretVersions,
  SecretVersionWriter,
  Stage,
  TokenIssuer,
} from '../../../../lib/registry/credentials/rotation/ports.ts';
import type { RotationNews } from '../../../../lib/registry/credentials/rotation/rotate-credentials.ts';

export class Crash extends Error {}

/** `pair`: two accounts with one secret each (Harbor, Quay). `chosen`: the secret is ours to choose (Harbor). */
export type IssuerKind = 'tokens' | 'pair' | 'chosen-pair';

/**
 * A registry, Secrets Manager and a clock, in which every call is a point at which the caller may die: before the
 * effect, or after it and before hearing of it.
 */
export function rotationWorld(kind: IssuerKind, pause: () => Promise<void> = async () => {}) {
  const clock = manualClock('2026-01-01T00:00:00.000Z');
  const accepted = new Map<string, { password: string; issuedAt: Date }>();
  const secret = {
    texts: new Map<string, string>(),
    stages: new Map<Stage, string>(),
    changedAt: clock.now(),
  };
  const news: RotationNews[] = [];
  const log: string[] = [];
  let minted = 0;
  let calls = 0;
  let dieAt: { readonly call: number; readonly after: boolean } | undefined;
  let refuseNew = false;

  const effect = async <T>(name: string, work: () => T): Promise<T> => {
    await pause();
    calls += 1;
    const dies = dieAt?.call === calls;
    if (dies && !dieAt?.after) throw new Crash(`before ${name}`);
    const result = work();
    log.push(name);
    if (dies) throw new Crash(`after ${name}`);
    return result;
  };
  const freshPassword = (): string => `password-${++minted}`;
  const touch = (): void => {
    secret.changedAt = clock.now();
  };
  const accounts = ['a', 'b'] as const;

  const issuer: TokenIssuer = {
    mint: (inUse) =>
      effect('mint', (): MintedToken => {
        if (kind === 'tokens') {
          const id = `t${minted + 1}`;
          const password = freshPassword();
          if (!refuseNew) accepted.set(id, { password, issuedAt: clock.now() });
          return { id, username: 'robot', password };
        }
        const id = accounts.find((one) => one !== inUse.id && `robot-${one}` !== inUse.username) ?? 'none';
        const password = freshPassword();
        if (kind === 'pair' && !refuseNew) accepted.set(id, { password, issuedAt: clock.now() });
        return { id, username: `robot-${id}`, password };
      }),
    activate: ({ id, password }) =>
      effect('activate', () => {
        if (kind === 'chosen-pair' && !refuseNew) accepted.set(id, { password, issuedAt: clock.now() });
      }),
    withdraw: (id) => effect(`withdraw ${id}`, () => void accepted.delete(id)),
    list: () =>
      effect('list', () => (kind === 'tokens' ? [...accepted].map(([id, { issuedAt }]) => ({ id, issuedAt })) : [])),
  };
  const versions: SecretVersions & SecretVersionWriter = {
    describe: () =>
      effect(
        'describe',
        (): SecretState => ({
          versions: Object.fromEntries(secret.stages),
          changedAt: secret.changedAt,
        }),
      ),
    textOf: (_secret, version) => effect('read', () => secret.texts.get(version)),
    putPending: (_secret, id, text) =>
      effect('put', () => {
        const known = secret.texts.get(id);
        if (known !== undefined) return known === text;
        secret.texts.set(id, text);
        secret.stages.set('AWSPENDING', id);
        touch();
        return true;
      }),
    move: (_secret, stage, { from, to }) =>
      effect(`move ${stage}`, () => {
        const holder = secret.stages.get(stage);
        if (holder !== from) return false;
        if (to === undefined) secret.stages.delete(stage);
        else secret.stages.set(stage, to);
        if (stage === 'AWSCURRENT' && holder !== undefined) secret.stages.set('AWSPREVIOUS', holder);
        touch();
        return true;
      }),
  };
  const works = (username: string, password: string): boolean =>
    [...accepted].some(([id, one]) => one.password === password && (kind === 'tokens' || username === `robot-${id}`));
  const test: CredentialTest = {
    works: (credentials) =>
      effect('try', () => credentials.kind === 'basic' && works(credentials.username, credentials.password)),
  };
  const inForce = (stage: Stage = 'AWSCURRENT') => {
    const text = secret.texts.get(secret.stages.get(stage) ?? '');
    return text === undefined ? undefined : (JSON.parse(text) as { username: string; password: string });
  };
  let held: { readonly until: number } | undefined;
  const lease: RotationLease = {
    take: () =>
      effect('take', () => {
        if (held !== undefined && held.until > clock.now().getTime()) return undefined;
        const mine = { until: clock.now().getTime() + 5 * 60 * 1000 };
        held = mine;
        return {
          release: () =>
            effect('release', () => {
              if (held === mine) held = undefined;
            }),
        };
      }),
  };
  return {
    clock,
    ports: {
      lease,
      versions,
      issuer,
      test,
      clock,
      tell: (told: RotationNews) => effect(`tell ${told.kind}`, () => void news.push(told)),
    },
    news,
    log,
    accepted,
    stages: secret.stages,
    /** A secret as a person puts it there. */
    start(token: { username: string; password: string }, id = 'hand') {
      secret.texts.set('v0', JSON.stringify(token));
      secret.stages.set('AWSCURRENT', 'v0');
      accepted.set(id, { password: token.password, issuedAt: clock.now() });
      clock.advance(60 * 60 * 1000);
    },
    inForce,
    currentWorks(): boolean {
      const current = inForce();
      return current !== undefined && works(current.username, current.password);
    },
    /** The caller dies at its so-manieth call from now. */
    dieAt(call: number | undefined, after: boolean): void {
      calls = 0;
      dieAt = call === undefined ? undefined : { call, after };
    },
    refuseNew(refuse: boolean): void {
      refuseNew = refuse;
    },
  };
}
