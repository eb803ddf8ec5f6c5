import { isLadingError } from '../../../core/errors.ts';
import type { RegistryProbe } from './ports.ts';

/**
 * - `yes`, `no`: the registry said so
 * - `untold`: it cannot be known without doing it
 * - `failed`: it could not be asked
 */
export interface Verdict {
  readonly answer: 'yes' | 'no' | 'untold' | 'failed';
  readonly why?: string;
}

export const checkedAspects = ['ping', 'auth', 'list', 'pull', 'push'] as const;
export type Aspect = (typeof checkedAspects)[number];
export type AccessReport = Readonly<Record<Aspect, Verdict>> & { readonly repository: string | undefined };

export interface CheckOptions {
  /** To be asked about; the first that the registry lists when absent. */
  readonly repository?: string | undefined;
}

const YES: Verdict = { answer: 'yes' };
const untold = (why: string): Verdict => ({ answer: 'untold', why });

/** Finds out what the credentials of a registry open, from the harmless to the telling, and writes nothing. */
export async function checkRegistry(probe: RegistryProbe, options: CheckOptions = {}): Promise<AccessReport> {
  const ping = await verdictOf(() => probe.ping());
  if (ping.answer !== 'yes') return nothingBeyond(ping, untold('the registry does not answer'), options.repository);
  const auth = await verdictOf(() => probe.greet());
  if (auth.answer !== 'yes') return nothingBeyond(ping, auth, options.repository);
  const { repository, listed } = await findRepository(probe, options);
  if (repository === undefined) {
    const why = untold('no repository to ask about: name one');
    return { ping, auth, list: listed ?? why, pull: why, push: why, repository };
  }
  const { list, tag } = await listOne(probe, repository);
  return {
    ping,
    auth,
    list,
    pull: await mayPull(probe, repository, tag),
    push: await granted(probe, repository, ['pull', 'push'], 'push'),
    repository,
  };
}

function nothingBeyond(ping: Verdict, auth: Verdict, repository: string | undefined): AccessReport {
  const after = untold('not asked');
  return { ping, auth, list: after, pull: after, push: after, repository };
}

/** Many registries let nobody list repositories; that alone says nothing of one repository. */
async function findRepository(
  probe: RegistryProbe,
  { repository }: CheckOptions,
): Promise<{ readonly repository: string | undefined; readonly listed?: Verdict }> {
  if (repository !== undefined) return { repository };
  try {
    for await (const first of probe.registry.listRepositories()) return { repository: first };
    return { repository: undefined, listed: YES };
  } catch (error) {
    if (!isLadingError(error)) throw error;
    return { repository: undefined };
  }
}

async function listOne(
  probe: RegistryProbe,
  repository: string,
): Promise<{ readonly list: Verdict; readonly tag: string | undefined }> {
  let tag: string | undefined;
  const list = await verdictOf(async () => {
    for await (const first of probe.registry.listTags(repository)) {
      tag = first;
      break;
    }
  });
  return { list, tag };
}

/** By reading the head of a manifest that is there; else by what a token says. */
async function mayPull(probe: RegistryProbe, repository: string, tag: string | undefined): Promise<Verdict> {
  if (tag === undefined) return granted(probe, repository, ['pull'], 'pull');
  return verdictOf(async () => void (await probe.registry.headManifest({ repository, reference: tag })));
}

async function granted(
  probe: RegistryProbe,
  repository: string,
  actions: readonly string[],
  wanted: string,
): Promise<Verdict> {
  let grants: readonly string[] | undefined;
  const asked = await verdictOf(async () => {
    grants = await probe.grantsOf(repository, actions);
  });
  if (asked.answer !== 'yes') return asked;
  if (grants === undefined) return untold('the registry does not say it before it is done');
  return grants.includes(wanted) || grants.includes('*') ? YES : { answer: 'no', why: `no token opens ${wanted}` };
}

const SAID_NO = new Set(['registry-denied', 'registry-refused', 'repository-unknown', 'credentials-invalid']);

async function verdictOf(ask: () => Promise<void>): Promise<Verdict> {
  try {
    await ask();
    return YES;
  } catch (error) {
    if (!isLadingError(error)) throw error;
    return { answer: SAID_NO.has(error.code) ? 'no' : 'failed', why: error.message };
  }
}
