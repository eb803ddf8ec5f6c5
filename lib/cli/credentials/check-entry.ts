import { LadingError } from '../../core/errors.ts';
import { probeEcr } from '../../registry/adapters/credentials/probe-ecr.ts';
import { probeRegistry } from '../../registry/adapters/credentials/probe-registry.ts';
import { connectionOf } from '../../registry/adapters/open-entries.ts';
import type { RegistryEntry } from '../../registry/config.ts';
import {
  type AccessReport,
  type Aspect,
  type CredentialsOfEntry,
  checkedAspects,
  checkRegistry,
  type RegistryProbe,
  type Verdict,
} from '../../registry/index.ts';
import type { createRedactor } from './redact.ts';

export interface EntryReport {
  readonly registry: string;
  /** Where the credentials come from, in words. */
  readonly credentials: string;
  readonly verdicts: Readonly<Record<Aspect, Verdict>>;
  readonly repository: string | undefined;
  readonly expiresAt: string | undefined;
  readonly rotatedEveryDays: number | undefined;
  /** `works`: everything that Lading needs there. */
  readonly outcome: 'works' | 'refused' | 'failed';
}

export interface CheckDependencies {
  readonly credentials: CredentialsOfEntry;
  readonly redactor: ReturnType<typeof createRedactor>;
  readonly repository: string | undefined;
  readonly openEcr: Parameters<typeof probeEcr>[1];
}

export async function checkEntry(entry: RegistryEntry, dependencies: CheckDependencies): Promise<EntryReport> {
  const { redactor, repository } = dependencies;
  const expiry: { at?: Date } = {};
  const probe = openProbe(entry, dependencies, expiry);
  let report: AccessReport;
  try {
    report = await checkRegistry(probe, { repository });
  } finally {
    probe.close();
  }
  const verdicts = Object.fromEntries(
    checkedAspects.map((aspect) => [aspect, cleaned(report[aspect], redactor)]),
  ) as Record<Aspect, Verdict>;
  return {
    registry: entry.host,
    credentials: entry.kind === 'ecr' ? (entry.awsRole ? 'AWS role' : 'AWS') : describe(entry.credentials),
    verdicts,
    repository: report.repository,
    expiresAt: expiry.at?.toISOString(),
    rotatedEveryDays: entry.kind === 'ecr' ? undefined : entry.rotation?.everyDays,
    outcome: outcomeOf(verdicts, entry.role),
  };
}

function openProbe(
  entry: RegistryEntry,
  { credentials, redactor, openEcr }: CheckDependencies,
  expiry: { at?: Date },
): RegistryProbe & { close(): void } {
  if (entry.kind === 'ecr') return probeEcr(entry, openEcr);
  const watched: CredentialsOfEntry = (of) => {
    const provider = credentials(of);
    return {
      async current() {
        const current = await provider.current();
        redactor.learn(current.credentials);
        if (current.expiresAt !== undefined) expiry.at = current.expiresAt;
        return current;
      },
      renew: (refused) => provider.renew(refused),
    };
  };
  return probeRegistry(connectionOf(entry, watched));
}

const cleaned = ({ answer, why }: Verdict, redactor: CheckDependencies['redactor']): Verdict =>
  why === undefined ? { answer } : { answer, why: redactor.clean(why) };

function outcomeOf(verdicts: Readonly<Record<Aspect, Verdict>>, role: RegistryEntry['role']): EntryReport['outcome'] {
  const needed: readonly Aspect[] = role === 'replica' ? checkedAspects : ['ping', 'auth', 'list', 'pull'];
  const answers = needed.map((aspect) => verdicts[aspect].answer);
  if (answers.includes('no')) return 'refused';
  return answers.includes('failed') ? 'failed' : 'works';
}

/** What kind they are and where they are kept. */
function describe(credentials: Exclude<RegistryEntry, { kind: 'ecr' }>['credentials']): string {
  switch (credentials.kind) {
    case 'secret':
      return `secret ${credentials.secret}`;
    case 'stored': {
      const [[kind = '', name = ''] = []] = Object.entries(credentials.from);
      return `${kind} ${name}`;
    }
    default:
      return credentials.kind;
  }
}

/** Where writing has credentials of its own, they are asked for by themselves, and must be able to push. */
export function bothSides(entry: RegistryEntry): readonly RegistryEntry[] {
  if (entry.kind === 'ecr' || entry.writeCredentials === undefined) return [entry];
  const { writeCredentials: credentials, rotation: _rotation, ...rest } = entry;
  return [
    { ...rest, role: 'source', ...(entry.rotation ? { rotation: entry.rotation } : {}) },
    { ...rest, role: 'replica', credentials },
  ];
}

/** @throws LadingError `registry-unknown` */
export function chosen(entries: readonly RegistryEntry[], host: string | undefined): readonly RegistryEntry[] {
  const found =
    host === undefined ? entries : entries.filter((entry) => entry.host.toLowerCase() === host.toLowerCase());
  if (found.length > 0) return found;
  const known = entries.map((entry) => entry.host).join(', ');
  throw new LadingError(
    'registry-unknown',
    host ? `the registry "${host}" is not configured` : 'no registry is configured',
    {
      hint:
        known === ''
          ? 'name one under "registries" of cdk.json, or another configuration with --config'
          : `known are: ${known}`,
    },
  );
}
