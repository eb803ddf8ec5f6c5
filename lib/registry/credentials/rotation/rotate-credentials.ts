import { createHash } from 'node:crypto';
import type { Clock } from '../../../core/clock.ts';
import { LadingError, unreachable } from '../../../core/errors.ts';
import type { RotationConfig } from '../model.ts';
import { nextStep, QUIET_MS, type RotationState } from './next-step.ts';
import type { CredentialTest, RotationLease, SecretVersions, SecretVersionWriter, TokenIssuer } from './ports.ts';
import { readToken, type StoredToken, writeToken } from './stored-token.ts';

/** What came of a rotation, for the audit trail. Ids are those under which the registry has the tokens. */
export type RotationNews =
  | { readonly kind: 'rotated'; readonly version: string; readonly token: StoredToken; readonly replaced: boolean }
  | { readonly kind: 'withdrawn'; readonly version: string; readonly token: StoredToken };

export interface RotationPorts {
  readonly versions: SecretVersions & SecretVersionWriter;
  readonly issuer: TokenIssuer;
  readonly test: CredentialTest;
  readonly lease: RotationLease;
  readonly clock: Clock;
  /** Told before the step counts as done: after a crash it is told again, with the same version. */
  readonly tell: (news: RotationNews) => Promise<void>;
}

/** A run mints, tries, puts in force and finishes; more steps than these mean that others move the same stages. */
const MOST_STEPS = 8;

/**
 * Replaces the credentials in a secret when they are due. The new token is stored as a pending version before anything
 * depends on it, tried, put in force, and the old one is withdrawn in a later run, when nobody can have it in use any
 * more. Every step is read off the secret's stages, so that a run may break off anywhere and be taken up by the next.
 *
 * @returns whether anything was done
 * @throws LadingError `rotation-refused` where the registry does not take what it minted; what is in force stays
 */
export async function rotateCredentials(
  secret: string,
  config: RotationConfig,
  ports: RotationPorts,
): Promise<boolean> {
  const lease = await ports.lease.take(secret);
  if (lease === undefined) return false;
  try {
    return await runSteps(secret, config, ports);
  } finally {
    // It would run out by itself; giving it back only saves time.
    await lease.release().catch(() => undefined);
  }
}

async function runSteps(secret: string, config: RotationConfig, ports: RotationPorts): Promise<boolean> {
  await sweep(secret, ports);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const state = await readState(secret, ports);
    const step = nextStep(state, config, ports.clock.now());
    switch (step.kind) {
      case 'rest':
        return steps > 0;
      case 'mint':
        await mint(secret, state, ports);
        break;
      case 'try':
        await tryPending(secret, state, step, ports);
        break;
      case 'finish':
        await finish(secret, state, ports);
        break;
      case 'discard':
        await discard(secret, step.version, state, ports);
        break;
      case 'withdraw':
        await withdraw(secret, step, ports);
        // What is minted next may take the same account: not in the run that has just withdrawn it.
        return true;
      default:
        return unreachable(step);
    }
  }
  throw new LadingError('rotation-contended', `the stages of "${secret}" are being moved by others`, {
    retryable: true,
  });
}

async function readState(secret: string, { versions }: RotationPorts): Promise<RotationState> {
  const described = await versions.describe(secret);
  const { AWSCURRENT, AWSPENDING, AWSPREVIOUS } = described.versions;
  const token = async (version: string | undefined): Promise<StoredToken | undefined> =>
    version === undefined ? undefined : readToken(await versions.textOf(secret, version));
  return {
    ...described,
    current: await token(AWSCURRENT),
    pending: await token(AWSPENDING),
    previous: await token(AWSPREVIOUS),
  };
}

/**
 * Withdraws tokens that were minted by a run which broke off before it wrote them down: nobody knows them. They are
 * listed before the secret is read, and are older than any run, so that one which is written down is seen to be.
 */
async function sweep(secret: string, ports: RotationPorts): Promise<void> {
  const before = ports.clock.now().getTime() - QUIET_MS;
  const old = (await ports.issuer.list()).filter(({ issuedAt }) => issuedAt.getTime() < before);
  if (old.length === 0) return;
  const { versions, current, pending, previous } = await readState(secret, ports);
  // What a person put there may be any of them: nobody could tell which.
  const told = current?.id !== undefined && (versions.AWSPREVIOUS === undefined || previous?.id !== undefined);
  if (!told) return;
  const known = new Set([current?.id, pending?.id, previous?.id]);
  for (const { id } of old) if (!known.has(id)) await ports.issuer.withdraw(id);
}

async function mint(secret: string, state: RotationState, { versions, issuer, clock }: RotationPorts): Promise<void> {
  const { AWSCURRENT: current = '', 'lading-refused': refused = '' } = state.versions;
  const token = await issuer.mint({ id: state.current?.id, username: state.current?.username });
  // Where another run was faster, its token is the one that counts, and this one is swept later.
  await versions.putPending(secret, versionId(secret, current, refused), writeToken(token, clock.now()));
}

/**
 * The id of the version that follows these: two runs that mint at once ask for the same, and one of them gets it. Laid
 * out as a UUID, as Secrets Manager wants it.
 */
function versionId(...parts: readonly string[]): string {
  const hex = createHash('sha256').update(parts.join('\n')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function tryPending(
  secret: string,
  state: RotationState,
  { version, token }: { readonly version: string; readonly token: StoredToken },
  { versions, issuer, test }: RotationPorts,
): Promise<void> {
  const { username, password, id = '' } = token;
  await issuer.activate({ id, username, password, expiresAt: token.expiresAt });
  if (await test.works({ kind: 'basic', username, password })) {
    // Where it was moved meanwhile, the next look at the stages says what is to be done.
    await versions.move(secret, 'AWSCURRENT', { from: state.versions.AWSCURRENT, to: version });
    return;
  }
  await versions.move(secret, 'lading-refused', { from: state.versions['lading-refused'], to: version });
  throw new LadingError(
    'rotation-refused',
    `the registry does not take the credentials that it minted for "${secret}"`,
    {
      hint: 'the ones in force stay; does the account have the rights that the registry asks for?',
      retryable: true,
    },
  );
}

async function finish(secret: string, state: RotationState, { versions, tell }: RotationPorts): Promise<void> {
  const { AWSPENDING: version } = state.versions;
  if (version === undefined || state.current === undefined) return;
  await tell({ kind: 'rotated', version, token: state.current, replaced: state.versions.AWSPREVIOUS !== undefined });
  await versions.move(secret, 'AWSPENDING', { from: version });
}

async function discard(
  secret: string,
  version: string,
  { pending, current }: RotationState,
  { versions, issuer }: RotationPorts,
): Promise<void> {
  if (pending?.id !== undefined && pending.id !== current?.id) await issuer.withdraw(pending.id);
  await versions.move(secret, 'AWSPENDING', { from: version });
}

async function withdraw(
  secret: string,
  { version, token }: { readonly version: string; readonly token: StoredToken },
  { versions, issuer, tell }: RotationPorts,
): Promise<void> {
  if (token.id !== undefined) await issuer.withdraw(token.id);
  await tell({ kind: 'withdrawn', version, token });
  await versions.move(secret, 'AWSPREVIOUS', { from: version });
}
