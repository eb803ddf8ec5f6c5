import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { openS3Service } from '../../infra/local/services/s3/index.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { parseCertificate } from '../../lib/formats/x509/index.ts';
import { createBlobPacker, createBucketRegistry } from '../../lib/registry/adapters/bucket-registry.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import {
  createAttestation,
  createSignature,
  fetchMaterial,
  parseNotationPolicy,
  parseVerificationKey,
  pushRecorded,
  type Requirement,
  type TrustMaterial,
  verify,
} from '../../lib/signing/index.ts';
import { makeChain } from './certificates.ts';
import { pushArtifact } from './push-images.ts';
import { credentialsOf, startServiceServer } from './service-server.ts';

export const PREDICATE = 'https://example.com/predicate/v1';
const FORMATS = ['cosign-bundle', 'cosign-tag', 'notation-jws'] as const;

const SIGNED: Requirement = { name: 'signed', kind: 'signature', threshold: 1 };
const ATTESTED: Requirement = {
  name: 'attested',
  kind: 'attestation',
  predicateType: PREDICATE,
  threshold: 1,
  conditions: [{ path: '/answer', equals: 42 }],
};

/** The key and the chain that everything is signed with, and what others need to verify that. */
export function makeSigner() {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { authority, chain } = makeChain({ key });
  const policy = {
    version: '1.0',
    trustPolicies: [
      {
        name: 'corpus',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:interop'],
        trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Example'],
      },
    ],
  };
  const publicPem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signer: localSigner(key.privateKey), chain, authority, policy, publicPem };
}
export type CorpusSigner = ReturnType<typeof makeSigner>;

/** Signs an image in each format, attests it in both of cosign's, and puts an SBOM beside it. */
export async function signEverything(registry: Registry, image: ImageLocation, by: CorpusSigner): Promise<void> {
  const { repository, digest } = image;
  const subject = await registry.headManifest({ repository, reference: digest });
  if (!subject) throw new Error(`${digest} is gone`);
  const now = new Date();
  for (const format of FORMATS) {
    const certified =
      format === 'notation-jws' ? { certificates: by.chain, expiresAt: new Date(now.getTime() + 86_400_000) } : {};
    await pushRecorded(registry, await createSignature(by.signer, image, subject, now, { format, ...certified }));
    if (format === 'notation-jws') continue;
    const statement = { predicateType: PREDICATE, predicate: { answer: 42 } };
    await pushRecorded(registry, await createAttestation(by.signer, image, subject, statement, now, { format }));
  }
  const sbom = Buffer.from(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, about: digest }));
  await pushArtifact(registry, repository, { type: 'application/vnd.cyclonedx+json', content: sbom, subject });
}

/** What of that cannot be verified, by our own verifier, one format after the other. */
export async function unverified(
  registry: Registry,
  image: ImageLocation,
  by: CorpusSigner,
): Promise<readonly string[]> {
  const key = parseVerificationKey(by.publicPem);
  const notation = {
    policy: parseNotationPolicy(by.policy),
    stores: new Map([['ca:interop', [parseCertificate(by.authority.der)]]]),
  };
  const trust: TrustMaterial = { keys: [{ name: 'ours', key }], notation };
  const failures: string[] = [];
  for (const format of FORMATS) {
    const material = await fetchMaterial(registry, image, [format]);
    if (material === undefined) return ['the image is gone'];
    for (const requirement of format === 'notation-jws' ? [SIGNED] : [SIGNED, ATTESTED]) {
      const result = verify(material, trust, [requirement], new Date());
      if (!result.trusted) failures.push(`${format} ${requirement.name}: ${JSON.stringify(result)}`);
    }
  }
  return failures;
}

/** An archive as it is deployed: in a bucket, with blobs packed where their very bytes can be made again. */
export async function openArchiveBucket() {
  const region = 'eu-central-1';
  const folder = await mkdtemp(join(tmpdir(), 'lading-archive-'));
  const s3 = await openS3Service({ directory: folder });
  await s3.createBucket({ name: 'archive', region, versioned: false });
  const server = await startServiceServer({ services: [s3] });
  const client = new S3Client({ endpoint: server.endpoint, region, credentials: credentialsOf(undefined) });
  const place = { client, bucket: 'archive', prefix: 'images/' };
  const outcomes = { packed: 0, kept: 0 };
  const packer = createBlobPacker(place, 'gzip');
  return {
    archive: createBucketRegistry({ ...place, host: 'archive' }),
    packer: {
      pack: async (...given: Parameters<typeof packer.pack>) => {
        const outcome = await packer.pack(...given);
        outcomes[outcome]++;
        return outcome;
      },
    },
    outcomes,
    async close() {
      client.destroy();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
