import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../lib/formats/oci/index.ts';
import { createHttpRegistry } from '../../lib/registry/adapters/http/create-http-registry.ts';
import { awsSignerRevocations } from '../../lib/signing/adapters/aws-signer-revocations.ts';
import { askRevocations, fetchMaterial, readNotationTrust, verify } from '../../lib/signing/index.ts';
import { pushImage } from '../lib/signing/support.ts';
import { awsSignerEnvelope, makeServiceChain, PROFILE_VERSION } from '../support/aws-signer-envelope.ts';
import type { InteropCheck } from './interop-check.ts';

const execute = promisify(execFile);
type Context = Parameters<InteropCheck['run']>[0];

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected: ${what}`);
}

/** Where a call was to go, and what it asked: the same for equal questions, in whatever order they have their parts. */
const meaningOf = (host: string, url: URL): string =>
  [host, url.pathname, ...[...url.searchParams].map(([name, value]) => `${name}=${normal(value)}`).sort()].join('\n');

/** Both forms of one moment are right (Smithy, "date-time"): with and without milliseconds. */
const normal = (value: string): string =>
  /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value).toISOString() : value;

/** Stands for AWS Signer: keeps what it is asked, and answers as it is told. */
async function fakeService(revoked: () => readonly string[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const host = String(request.headers['x-meant-for'] ?? request.headers.host);
    asked.push(meaningOf(host, new URL(request.url ?? '', 'http://service')));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ revokedEntities: revoked() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, endpoint, close: () => void server.close() };
}

/** An envelope in AWS Signer's shape is one for notation-go, and AWS's SDK asks about it what we ask. */
async function sameQuestion({ work, tools }: Context): Promise<string> {
  const embedded = await startEmbeddedRegistry({ directory: join(work, 'registry') });
  const host = `localhost:${embedded.port}`;
  const registry = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  let revoked: readonly string[] = [];
  const service = await fakeService(() => revoked);
  const chain = makeServiceChain();
  const trustPolicy = {
    version: '1.0',
    trustPolicies: [
      {
        name: 'aws',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['signingAuthority:aws'],
        trustedIdentities: [PROFILE_VERSION],
      },
    ],
  };
  const { trust } = readNotationTrust({ trustPolicy, trustStores: { 'signingAuthority:aws': [chain.root.pem] } });
  const [policyFile, rootFile] = [join(work, 'trustpolicy.json'), join(work, 'root.pem')];
  await Promise.all([writeFile(policyFile, JSON.stringify(trustPolicy)), writeFile(rootFile, chain.root.pem)]);
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH ?? ''}` };
  try {
    for (const format of ['notation-jws', 'notation-cose'] as const) {
      const image = await pushImage(registry, `team/${format}`);
      const { repository } = image;
      const descriptor = await registry.headManifest({ repository, reference: image.digest });
      if (descriptor === undefined) throw new Error('the image is gone');
      const signedAt = new Date(Date.now() - 3600_000);
      signedAt.setUTCMilliseconds(0);
      const content = awsSignerEnvelope(format, descriptor, chain, { signedAt });
      const layer = {
        mediaType: format === 'notation-jws' ? 'application/jose+json' : 'application/cose',
        digest: digestOf(content),
        size: content.length,
      };
      const config = { ...EMPTY_BLOB.descriptor, mediaType: 'application/vnd.cncf.notary.signature' };
      await registry.putBlob({ repository, ...layer, content });
      await registry.putBlob({ repository, ...EMPTY_BLOB.descriptor, content: EMPTY_BLOB.bytes });
      const manifest = createArtifactManifest({
        artifactType: config.mediaType,
        config,
        layers: [layer],
        subject: descriptor,
        annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '[]' },
      });
      await registry.attachReferrer({ repository, mediaType: manifest.mediaType, bytes: manifest.bytes });
      const reference = `${host}/${repository}@${image.digest}`;
      const theirs = () =>
        execute('notation-signer-check', ['verify', reference, policyFile, rootFile, service.endpoint], { env }).then(
          () => 'trusted',
          (error: { readonly stderr?: string }) => error.stderr ?? 'refused',
        );
      const send: typeof fetch = (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set('x-meant-for', headers.get('host') ?? '');
        headers.delete('host');
        const to = new URL(String(url));
        return fetch(new URL(`${to.pathname}${to.search}`, service.endpoint), { ...init, headers });
      };
      const source = awsSignerRevocations({
        send,
        credentials: async () => ({ accessKeyId: 'id', secretAccessKey: 'secret' }),
      });
      const ours = async () => {
        const material = await fetchMaterial(registry, image, [format]);
        if (material === undefined) throw new Error('the image is gone');
        const requirement = { name: 'signed', kind: 'signature', threshold: 1 } as const;
        return verify(material, await askRevocations(material, trust, source), [requirement], new Date());
      };
      for (const entities of [[], ['arn:aws:signer:us-west-2:123456789012:/signing-jobs/x']]) {
        revoked = entities;
        service.asked.length = 0;
        const [they, we] = [await theirs(), await ours()];
        const good = entities.length === 0;
        expect((they === 'trusted') === good, `notation-go ${good ? 'trusts' : 'refuses'} the ${format}: ${they}`);
        expect(we.trusted === good, `we ${good ? 'trust' : 'refuse'} it: ${JSON.stringify(we)}`);
        if (!good) expect(we.rejections[0]?.reason === 'signature-revoked', `as revoked: ${JSON.stringify(we)}`);
        const [their, our, ...more] = service.asked;
        expect(more.length === 0, `each asks once, but: ${service.asked.length}`);
        expect(their === our, `AWS's SDK and we ask the same:\n${their}\n\n${our}`);
        expect(
          their?.startsWith('verification.signer.us-west-2.amazonaws.com\n/revocations\n') ?? false,
          `at: ${their}`,
        );
      }
    }
    return 'notation-go verifies envelopes in AWS Signer’s shape (JWS, COSE), and AWS’s SDK asks GetRevocationStatus as we do';
  } finally {
    service.close();
    registry.close();
    await embedded.close();
  }
}

export const checks: readonly InteropCheck[] = [
  {
    name: 'trust: AWS Signer’s signatures by notation-go and AWS’s SDK',
    needs: ['notation-signer-check'],
    run: sameQuestion,
  },
];
