import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { memoryMaterials } from '../../../lib/attestation/adapters/memory.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import type { BuiltHow, CiBuild, Lineage, PushLog } from '../../../lib/provenance/ports.ts';

export const NOW = '2026-03-01T12:00:00.000Z';
export const SHA = 'a'.repeat(40);

export function memoryLineage(): Lineage & { readonly rows: Map<string, Set<string>> } {
  const rows = new Map<string, Set<string>>();
  const said = new Map<string, Map<string, BuiltHow>>();
  return {
    rows,
    async note(image, { level, pushedByBuilder, source, materials }) {
      const key = locationKey(image);
      const all = said.get(key) ?? new Map<string, BuiltHow>();
      said.set(key, all);
      const known = (all.get(source)?.pushedByBuilder ?? 'unknown') !== 'unknown';
      if (!known || pushedByBuilder !== 'unknown') all.set(source, { level, pushedByBuilder });
      for (const material of materials) rows.set(material, (rows.get(material) ?? new Set()).add(key));
    },
    of: async (image) => [...(said.get(locationKey(image))?.values() ?? [])].toSorted((a, b) => b.level - a.level)[0],
    async *builtFrom(material) {
      yield* rows.get(material) ?? [];
    },
  };
}

export function memoryPushLog(): PushLog {
  const pushers = new Map<string, string>();
  const builds = new Map<string, Map<string, CiBuild>>();
  return {
    async notePush(image, pusher) {
      const key = locationKey(image);
      const kept = pushers.get(key) ?? pusher;
      pushers.set(key, kept);
      return { pusher: kept, builds: [...(builds.get(key)?.values() ?? [])] };
    },
    async noteBuild(image, build) {
      const key = locationKey(image);
      const all = builds.get(key) ?? new Map<string, CiBuild>();
      builds.set(key, all.set(`${build.issuer} ${build.repository}`, build));
      return pushers.get(key);
    },
  };
}

export const recordPorts = () => ({
  pushes: memoryPushLog(),
  documents: memoryDocuments(),
  materials: memoryMaterials(),
  lineage: memoryLineage(),
  clock: manualClock(NOW),
});

/** An issuer of tokens with one key. */
export function makeIssuer(type: 'rsa' | 'ec' = 'rsa') {
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const asked: string[] = [];
  return {
    asked,
    privateKey,
    keys: {
      async find(address: string, keyId: string) {
        asked.push(`${address} ${keyId}`);
        return keyId === 'k1' ? publicKey.export({ format: 'jwk' }) : undefined;
      },
    },
    token: (claims: object, given: { readonly header?: object; readonly key?: KeyObject } = {}): string => {
      const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
      const head = part({ typ: 'JWT', alg: type === 'rsa' ? 'RS256' : 'ES256', kid: 'k1', ...given.header });
      const text = `${head}.${part(claims)}`;
      const key = given.key ?? privateKey;
      const how = type === 'rsa' ? key : { key, dsaEncoding: 'ieee-p1363' as const };
      return `${text}.${sign('sha256', Buffer.from(text), how).toString('base64url')}`;
    },
  };
}

const seconds = Date.parse(NOW) / 1000;

/** As GitHub's reference shows a token of Actions. */
export const gitHubClaims = (given: object = {}) => ({
  jti: 'example-id',
  sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  environment: 'prod',
  aud: 'lading.example',
  ref: 'refs/heads/main',
  sha: SHA,
  repository: 'octo-org/octo-repo',
  repository_owner: 'octo-org',
  actor_id: '12',
  repository_visibility: 'private',
  repository_id: '74',
  repository_owner_id: '65',
  run_id: '42',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  actor: 'octocat',
  workflow: 'example-workflow',
  head_ref: '',
  base_ref: '',
  event_name: 'workflow_dispatch',
  ref_type: 'branch',
  workflow_ref: 'octo-org/octo-repo/.github/workflows/build.yml@refs/heads/main',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
  iss: 'https://token.actions.githubusercontent.com',
  nbf: seconds - 60,
  exp: seconds + 300,
  iat: seconds - 30,
  ...given,
});

/** As GitLab's documentation shows an ID token. */
export const gitLabClaims = (given: object = {}) => ({
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'feature-branch-1',
  ref_type: 'branch',
  ref_path: 'refs/heads/feature-branch-1',
  ref_protected: 'false',
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: SHA,
  ci_config_ref_uri: 'gitlab.example/my-group/my-project//.gitlab-ci.yml@refs/heads/main',
  ci_config_sha: SHA,
  jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
  iss: 'https://gitlab.example',
  iat: seconds - 30,
  nbf: seconds - 35,
  exp: seconds + 300,
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1',
  aud: 'lading.example',
  ...given,
});
