import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { loadDocument } from '../../../lib/documents/index.ts';
import { provenanceRecorded } from '../../../lib/events/index.ts';
import { provenanceConfigSchema, receiveFromCi } from '../../../lib/provenance/index.ts';
import { verifyCiToken } from '../../../lib/provenance/verify-ci-token.ts';
import { gitHubClaims, gitLabClaims, makeIssuer, NOW, recordPorts, SHA } from './support.ts';

const config = provenanceConfigSchema.parse({
  issuers: [
    {
      name: 'github',
      kind: 'github',
      issuer: 'https://token.actions.githubusercontent.com',
      audience: 'lading.example',
      allow: [{ repositories: ['octo-org/*'], images: ['registry.example/octo/**'], refs: ['refs/heads/main'] }],
    },
    {
      name: 'gitlab',
      kind: 'gitlab',
      issuer: 'https://gitlab.example',
      audience: 'lading.example',
      allow: [{ repositories: ['my-group/**'], images: ['registry.example/group/**'] }],
    },
  ],
  isolatedBuilders: ['https://github.com/octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main'],
});
const now = new Date(NOW);
const image = { registry: 'registry.example', repository: 'octo/app', digest: digestOf('app') };
const imageText = `registry.example/octo/app@${image.digest}`;

async function receive(token: string, body: object, issuer: ReturnType<typeof makeIssuer>) {
  const ports = recordPorts();
  const answer = await receiveFromCi(
    { ...ports, keys: issuer.keys, isKnown: async ({ digest }) => digest === image.digest },
    { token, body: Buffer.from(JSON.stringify(body)) },
    config,
  );
  return { answer, ports };
}

describe('an identity token of CI', () => {
  it.each(['rsa', 'ec'] as const)('is verified with a key of its configured issuer (%s)', async (type) => {
    const issuer = makeIssuer(type);
    const reading = await verifyCiToken(issuer.token(gitHubClaims()), config.issuers, issuer.keys, now);
    expect(reading).toMatchObject({ kind: 'verified', issuer: { name: 'github' } });
    expect(issuer.asked).toEqual(['https://token.actions.githubusercontent.com/.well-known/jwks k1']);
  });

  it.each([
    ['of another issuer', gitHubClaims({ iss: 'https://evil.example' }), {}],
    ['for somebody else', gitHubClaims({ aud: 'another.example' }), {}],
    ['that has expired', gitHubClaims({ exp: Date.parse(NOW) / 1000 - 120 }), {}],
    ['that is not valid yet', gitHubClaims({ nbf: Date.parse(NOW) / 1000 + 120 }), {}],
    ['that lives for ever', gitHubClaims({ exp: Date.parse(NOW) / 1000 + 1e9 }), {}],
    ['without signature', gitHubClaims(), { header: { alg: 'none' } }],
    ['signed with a secret', gitHubClaims(), { header: { alg: 'HS256' } }],
    ['of an unknown critical extension', gitHubClaims(), { header: { crit: ['b64'] } }],
    ['by a key that nobody knows', gitHubClaims(), { header: { kid: 'k2' } }],
    ['by another key', gitHubClaims(), { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }],
  ])('%s is refused', async (_what, claims, given) => {
    const issuer = makeIssuer();
    const reading = await verifyCiToken(issuer.token(claims, given), config.issuers, issuer.keys, now);
    expect(reading.kind).toBe('refused');
  });

  it('asks no address for keys that it names itself, nor any before all else is right', async () => {
    const issuer = makeIssuer();
    const header = { jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' };
    await verifyCiToken(issuer.token(gitHubClaims(), { header }), config.issuers, issuer.keys, now);
    expect(issuer.asked).toEqual(['https://token.actions.githubusercontent.com/.well-known/jwks k1']);
    issuer.asked.length = 0;
    for (const claims of [{ iss: 'https://evil.example' }, { aud: 'x' }, { exp: 1 }])
      await verifyCiToken(issuer.token(gitHubClaims(claims)), config.issuers, issuer.keys, now);
    expect(issuer.asked).toEqual([]);
  });

  it('is never taken when a character of it is another', async () => {
    const issuer = makeIssuer('ec');
    const token = issuer.token(gitHubClaims());
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...'ABZaz09-_.'), async (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect((await verifyCiToken(changed, config.issuers, issuer.keys, now)).kind).toBe('refused');
      }),
      { numRuns: 200 },
    );
  });
});

describe('what CI says of an image', () => {
  it('becomes SLSA provenance v1 of GitHub, with source, builder and level', async () => {
    const issuer = makeIssuer();
    const materials = [{ uri: 'pkg:docker/alpine@3.20', digest: `sha256:${'b'.repeat(64)}` }];
    const { answer, ports } = await receive(issuer.token(gitHubClaims()), { image: imageText, materials }, issuer);
    if (answer.kind !== 'recorded') throw new Error(JSON.stringify(answer));
    const event = provenanceRecorded.data.parse(answer.event.data);
    expect(event).toMatchObject({
      builder: 'https://github.com/octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
      level: 3,
      pushedByBuilder: 'unknown',
      materials: [
        { uri: 'git+https://github.com/octo-org/octo-repo@refs/heads/main', digest: `gitCommit:${SHA}` },
        materials[0],
      ],
    });
    const document = await loadDocument(ports.documents, event.provenance.key, event.provenance.digest);
    expect(JSON.parse(Buffer.from(document ?? []).toString())).toMatchObject({
      buildDefinition: {
        buildType: 'https://actions.github.io/buildtypes/workflow/v1',
        externalParameters: {
          workflow: {
            ref: 'refs/heads/main',
            repository: 'https://github.com/octo-org/octo-repo',
            path: '.github/workflows/build.yml',
          },
        },
        resolvedDependencies: [{ digest: { gitCommit: SHA } }, { digest: { sha256: 'b'.repeat(64) } }],
      },
      runDetails: {
        metadata: { invocationId: 'https://github.com/octo-org/octo-repo/actions/runs/42/attempts/2' },
      },
    });
    expect(await ports.materials.of(image)).toMatchObject([{ kind: 'provenance', source: 'github' }]);
    expect([...(ports.lineage.rows.get(`gitCommit:${SHA}`) ?? [])]).toEqual([imageText]);
  });

  it('reaches level 2 with a builder that is not known to isolate, and 1 on a machine of its own', async () => {
    const issuer = makeIssuer();
    const levelOf = async (claims: object) => {
      const { answer } = await receive(issuer.token(gitHubClaims(claims)), { image: imageText }, issuer);
      return answer.kind === 'recorded' ? provenanceRecorded.data.parse(answer.event.data).level : answer.kind;
    };
    expect(await levelOf({ job_workflow_ref: 'octo-org/octo-repo/.github/workflows/b.yml@refs/heads/main' })).toBe(2);
    expect(await levelOf({ runner_environment: 'self-hosted' })).toBe(1);
  });

  it('of GitLab, too, where its project may speak of the image', async () => {
    const issuer = makeIssuer();
    const ports = recordPorts();
    const group = `registry.example/group/app@${image.digest}`;
    const ask = (body: object) =>
      receiveFromCi(
        { ...ports, keys: issuer.keys, isKnown: async () => true },
        { token: issuer.token(gitLabClaims()), body: Buffer.from(JSON.stringify(body)) },
        config,
      );
    const answer = await ask({ image: group });
    expect(answer.kind === 'recorded' && provenanceRecorded.data.parse(answer.event.data)).toMatchObject({
      builder: 'https://gitlab.example/my-group/my-project/-/runners/self-hosted',
      level: 1,
    });
    expect(issuer.asked[0]).toContain('https://gitlab.example/oauth/discovery/keys');
    expect(await ask({ image: imageText })).toMatchObject({ kind: 'refused' });
  });

  it('is refused of another repository, another branch, and an image that nobody knows', async () => {
    const issuer = makeIssuer();
    const kindOf = async (claims: object, body: object) =>
      (await receive(issuer.token(gitHubClaims(claims)), body, issuer)).answer.kind;
    expect(await kindOf({ repository: 'stranger/octo-repo' }, { image: imageText })).toBe('refused');
    expect(await kindOf({ ref: 'refs/heads/feature' }, { image: imageText })).toBe('refused');
    expect(await kindOf({ sha: 'short' }, { image: imageText })).toBe('refused');
    expect(await kindOf({}, { image: `registry.example/octo/app@${digestOf('x')}` })).toBe('invalid');
    for (const body of [{}, { image: 'registry.example/octo/app:1' }, { image: imageText, more: 1 }])
      expect(await kindOf({}, body)).toBe('invalid');
  });

  it('may be a VEX document, if it is one', async () => {
    const issuer = makeIssuer();
    const vex = {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex-1',
      author: 'the team',
      timestamp: NOW,
      version: 1,
      statements: [{ vulnerability: { name: 'CVE-2026-1' }, status: 'not_affected', products: [{ '@id': imageText }] }],
    };
    const { answer, ports } = await receive(issuer.token(gitHubClaims()), { image: imageText, vex }, issuer);
    expect(answer.kind).toBe('recorded');
    expect((await ports.materials.of(image)).map(({ kind }) => kind).sort()).toEqual(['provenance', 'vex']);
    const none = { ...vex, '@context': 'https://example.com' };
    expect((await receive(issuer.token(gitHubClaims()), { image: imageText, vex: none }, issuer)).answer.kind).toBe(
      'invalid',
    );
  });

  it('may be the result of tests', async () => {
    const issuer = makeIssuer();
    const tests = { result: 'PASSED', configuration: [{ name: 'ci.yml' }], passedTests: ['all'] };
    const { ports } = await receive(issuer.token(gitHubClaims()), { image: imageText, tests }, issuer);
    expect((await ports.materials.of(image)).map(({ kind }) => kind).sort()).toEqual(['provenance', 'tests']);
  });
});
