import { unreachable } from '../../core/errors.ts';
import type { CredentialProvider, RegistryCredentials } from '../ports.ts';
import { describeSource } from './describe-source.ts';
import { exchangeEntra } from './exchanges/acr.ts';
import type { ExchangePorts } from './exchanges/exchange.ts';
import { exchangeGithubApp } from './exchanges/github-app.ts';
import { exchangeFederation, exchangeServiceAccount } from './exchanges/google.ts';
import { type CredentialsConfig, secretsOf } from './model.ts';
import { parseSecret } from './parse-secret.ts';
import type { MachineLogins, SecretChanges } from './ports.ts';

export interface CredentialPorts extends ExchangePorts {
  readonly logins: MachineLogins;
  /** @default nobody notes changes: secrets are read again after five minutes, and when they are refused */
  readonly changes?: SecretChanges;
}

/** The registry that credentials are for. */
export interface CredentialAudience {
  readonly host: string;
  /** Where it answers. */
  readonly url: URL;
}

interface Obtained {
  readonly credentials: RegistryCredentials;
  /** When they end, as far as anybody says. */
  readonly expiresAt?: Date;
}

interface Kept extends Obtained {
  readonly readAt: number;
  readonly mark: string | undefined;
  /** When they are obtained anew at the latest. */
  readonly until: number;
}

/** How long a stored secret is kept, in milliseconds. */
const KEEP_MS = 5 * 60 * 1000;
/** How often it is asked whether a secret was changed, which costs a tenth of reading it. */
const ASK_MS = 15 * 1000;
/** How soon a refused secret is read again: a registry that refuses everything must not have us read on and on. */
const RENEW_MS = 30 * 1000;

/**
 * The credentials of one registry: obtained at the first use, kept, and obtained anew before they end, when somebody
 * noted a change, and once when the registry refused them.
 */
export function createCredentialProvider(
  config: CredentialsConfig,
  audience: CredentialAudience,
  ports: CredentialPorts,
): CredentialProvider {
  const now = (): number => ports.clock.now().getTime();
  let kept: Promise<Kept> | undefined;
  let askedAt = 0;
  let renewedAt = Number.NEGATIVE_INFINITY;

  const load = (): Promise<Kept> => {
    const loading = obtain(config, audience, ports);
    loading.catch(() => {
      if (kept === loading) kept = undefined;
    });
    askedAt = now();
    kept = loading;
    return loading;
  };
  const current = async (): Promise<Kept> => {
    const known = kept;
    if (known === undefined) return load();
    const value = await known;
    if (kept !== known) return current();
    if (now() >= value.until) return load();
    if (ports.changes === undefined || now() - askedAt < ASK_MS) return value;
    askedAt = now();
    // Where nobody can tell, the old ones are good enough: they are read again in a few minutes anyway.
    const mark = await markOf(config, ports.changes).catch(() => value.mark);
    return mark === value.mark || kept !== known ? value : load();
  };
  return {
    async current() {
      const { credentials, expiresAt } = await current();
      return expiresAt === undefined ? { credentials } : { credentials, expiresAt };
    },
    async renew(refused) {
      const value = await current();
      if (!isSame(value.credentials, refused)) return value.credentials;
      if (isFixed(config) || now() - renewedAt < RENEW_MS) return undefined;
      renewedAt = now();
      const { credentials } = await load();
      return isSame(credentials, refused) ? undefined : credentials;
    },
  };
}

const isFixed = ({ kind }: CredentialsConfig): boolean => ['anonymous', 'basic', 'bearer'].includes(kind);

const isSame = (a: RegistryCredentials, b: RegistryCredentials): boolean => JSON.stringify(a) === JSON.stringify(b);

async function markOf(config: CredentialsConfig, changes: SecretChanges | undefined): Promise<string | undefined> {
  const marks = await Promise.all(secretsOf(config).map((source) => changes?.markOf(source)));
  return marks.length === 0 ? undefined : JSON.stringify(marks.map((mark) => mark ?? null));
}

async function obtain(config: CredentialsConfig, audience: CredentialAudience, ports: CredentialPorts): Promise<Kept> {
  // Before the secret itself: a change in between is then seen at the next question, not lost.
  const mark = await markOf(config, ports.changes).catch(() => undefined);
  const readAt = ports.clock.now().getTime();
  const obtained = await exchange(config, audience, ports);
  const end = obtained.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return { ...obtained, readAt, mark, until: isMinted(config) ? beforeEnd(readAt, end) : readAt + KEEP_MS };
}

const isMinted = ({ kind }: CredentialsConfig): boolean =>
  ['github-app', 'google-service-account', 'google-federation', 'acr', 'ecr-public'].includes(kind);

/** At four fifths of the time that is left, so that what begins with a token also ends with it. */
const beforeEnd = (from: number, end: number): number => from + Math.max(0, end - from) * 0.8;

async function exchange(
  config: CredentialsConfig,
  { host, url }: CredentialAudience,
  ports: CredentialPorts,
): Promise<Obtained> {
  switch (config.kind) {
    case 'anonymous':
      return { credentials: { kind: 'anonymous' } };
    case 'basic':
      return { credentials: { kind: 'basic', username: config.username, password: config.password } };
    case 'bearer':
      return { credentials: { kind: 'bearer', token: config.token } };
    case 'secret': {
      const from = { secret: config.secret };
      return parseSecret(await ports.secrets.read(from), describeSource(from));
    }
    case 'stored':
      return parseSecret(await ports.secrets.read(config.from), describeSource(config.from), config);
    case 'docker-config':
      return { credentials: await ports.logins.loginOf(host) };
    case 'github-app':
      return exchangeGithubApp(config, ports);
    case 'google-service-account':
      return exchangeServiceAccount(config, ports);
    case 'google-federation':
      return exchangeFederation(config, ports);
    case 'acr':
      return exchangeEntra(config, url, ports);
    case 'ecr-public': {
      const { password, expiresAt } = await ports.aws.ecrPublicPassword(config.role);
      return { credentials: { kind: 'basic', username: 'AWS', password }, expiresAt };
    }
    default:
      return unreachable(config);
  }
}
