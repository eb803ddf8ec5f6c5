import { ecrClient } from '../../aws/clients.ts';
import { LOCAL_KEY } from '../../aws/queues.ts';
import { secretsClientAt } from '../../aws/secrets-client.ts';
import { credentialsOfEntries, credentialsOfRole } from '../../registry/adapters/credentials/credentials-of-entries.ts';
import { callerFolder, localStack } from '../connection.ts';
import { answerNo, exitCode } from '../exit-code.ts';
import { printJson, say } from '../output.ts';
import { dockerCredentials } from '../source/docker-credentials.ts';
import { bothSides, checkEntry, chosen } from './check-entry.ts';
import { printChecks } from './print-checks.ts';
import { localEntries, readEntries } from './read-entries.ts';
import { createRedactor } from './redact.ts';

export interface CheckCommandOptions {
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly config?: string | undefined;
  readonly aws?: boolean | undefined;
  readonly output: 'table' | 'json';
  readonly data?: string | undefined;
}

/** Asks every configured registry, one after the other, and prints what they say. */
export async function runCheck(options: CheckCommandOptions): Promise<void> {
  const stack = options.aws ? undefined : localStack(options.data);
  const configured = readEntries(options.config);
  const hosts = new Set(configured.map(({ host }) => host));
  const local = options.config === undefined ? localEntries(stack) : [];
  // The local stack's registry stands in for the one of that name.
  const entries = [...local, ...configured.filter(({ host }) => !local.some((one) => one.host === host))];
  if (entries.length === 0 && hosts.size === 0) say(`looked for a configuration from ${callerFolder()}`);
  const redactor = createRedactor();
  const at = stack && { endpoint: stack.endpoint, region: stack.region };
  const client = secretsClientAt(at);
  const credentials = credentialsOfEntries({
    secretsManager: () => client,
    ...(at === undefined ? {} : { parameters: { ...at, credentials: async () => LOCAL_KEY } }),
    local: { environment: process.env, logins: { loginOf: (host) => dockerCredentials(host) } },
  });
  const reports = [];
  for (const entry of chosen(entries, options.registry).flatMap(bothSides)) {
    reports.push(
      await checkEntry(entry, {
        ...{ credentials, redactor, repository: options.repository },
        openEcr: (region, role) => ecrClient(region, credentialsOfRole(role, process.env)),
      }),
    );
  }
  client.destroy();
  if (options.output === 'json') printJson({ registries: reports });
  else printChecks(reports);
  if (reports.some(({ outcome }) => outcome === 'failed')) process.exitCode = exitCode.failed;
  else if (reports.some(({ outcome }) => outcome === 'refused')) answerNo();
}
