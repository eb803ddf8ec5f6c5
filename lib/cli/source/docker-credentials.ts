import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { RegistryCredentials } from '../../registry/index.ts';

const ANONYMOUS: RegistryCredentials = { kind: 'anonymous' };

const configSchema = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        /** A refresh token, which is to be exchanged at the registry's realm. */
        identitytoken: z.string().optional(),
      }),
    )
    .optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
type LoginFile = z.infer<typeof configSchema>;
const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** Runs `docker-credential-<name> get` with the server's name as its input; undefined where it knows none. */
export type AskHelper = (name: string, server: string) => Promise<string | undefined>;

/**
 * User name and password that `docker login` (or podman's or skopeo's) left for a registry: in the file itself, or with
 * a helper that the file names.
 *
 * @throws LadingError `login-file-invalid`, `credential-helper-failed`
 */
export async function dockerCredentials(
  host: string,
  environment: NodeJS.ProcessEnv = process.env,
  askHelper: AskHelper = runHelper,
): Promise<RegistryCredentials> {
  for (const file of loginFiles(environment)) {
    if (!existsSync(file)) continue;
    const found = await credentialsIn(readLoginFile(file), host, askHelper);
    if (found) return found;
  }
  return ANONYMOUS;
}

/** containers-auth.json(5) and Docker's own: what is said explicitly comes first. */
function loginFiles(environment: NodeJS.ProcessEnv): readonly string[] {
  if (environment.REGISTRY_AUTH_FILE) return [environment.REGISTRY_AUTH_FILE];
  const docker = join(environment.DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker'), 'config.json');
  const runtime = environment.XDG_RUNTIME_DIR;
  return runtime ? [join(runtime, 'containers', 'auth.json'), docker] : [docker];
}

function readLoginFile(file: string): LoginFile {
  const invalid = (why: string, cause?: unknown): LadingError =>
    new LadingError('login-file-invalid', `${file} cannot be used: ${why}`, {
      cause,
      hint: 'log in again (docker login), or name another file with REGISTRY_AUTH_FILE',
    });
  let content: unknown;
  try {
    content = parseJsonStrict(readFileSync(file), { what: file, maxBytes: 4 * 1024 * 1024 });
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : 'it cannot be read', cause);
  }
  const parsed = configSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw invalid(z.prettifyError(parsed.error));
}

async function credentialsIn(
  file: LoginFile,
  host: string,
  askHelper: AskHelper,
): Promise<RegistryCredentials | undefined> {
  const servers = serverNames(host);
  const helperOf = new Map(Object.entries(file.credHelpers ?? {}));
  const helper = servers.map((server) => helperOf.get(server)).find((name) => name !== undefined) ?? file.credsStore;
  if (helper !== undefined) {
    for (const server of servers) {
      const answer = await askHelper(helper, server);
      if (answer !== undefined) return readAnswer(answer, helper);
    }
  }
  const auths = new Map(Object.entries(file.auths ?? {}));
  for (const server of servers) {
    const entry = auths.get(server);
    if (entry?.identitytoken) return { kind: 'identity-token', token: entry.identitytoken };
    if (entry?.username && entry.password) return { kind: 'basic', username: entry.username, password: entry.password };
    const decoded = Buffer.from(entry?.auth ?? '', 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    if (colon > 0 && colon < decoded.length - 1)
      return { kind: 'basic', username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
  }
  return undefined;
}

/** Docker Hub's logins are kept under the address of its first API. */
const serverNames = (host: string): readonly string[] =>
  host === 'docker.io'
    ? ['https://index.docker.io/v1/', 'docker.io', 'index.docker.io']
    : [host, `https://${host}`, `https://${host}/`];

function readAnswer(answer: string, helper: string): RegistryCredentials {
  const parsed = helperAnswer.safeParse(parseJsonStrict(answer, { what: `the answer of docker-credential-${helper}` }));
  if (!parsed.success) {
    throw new LadingError('credential-helper-failed', `docker-credential-${helper} gave no user name and secret`);
  }
  const { Username, Secret } = parsed.data;
  // "credential helper protocol": this name says that the secret is an identity token.
  return Username === '<token>'
    ? { kind: 'identity-token', token: Secret }
    : { kind: 'basic', username: Username, password: Secret };
}

const HELPER_MS = 30_000;

function runHelper(name: string, server: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_.-]{1,60}$/.test(name)) {
    throw new LadingError('login-file-invalid', `"${name.slice(0, 60)}" is no name of a credential helper`);
  }
  return new Promise((resolve, reject) => {
    // Fetched when it is needed: to load it takes longer than to read a manifest, and few logins are kept by a helper.
    const { execFile } = process.getBuiltinModule('node:child_process');
    const child = execFile(
      `docker-credential-${name}`,
      ['get'],
      { timeout: HELPER_MS, maxBuffer: 1024 * 1024 },
      (error, out) => {
        if (!error) return resolve(out);
        // The protocol has no code for "not known": the helper says so in words and fails.
        if (/not found/i.test(out)) return resolve(undefined);
        reject(
          new LadingError('credential-helper-failed', `docker-credential-${name} failed: ${error.message}`, {
            cause: error,
          }),
        );
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(server);
  });
}
