import { generateKeyPairSync } from 'node:crypto';
import {
  memoryCryptoInventory,
  memoryMaterials,
  memoryStatements,
  memoryVerdictBoard,
} from '../../../lib/attestation/adapters/memory.ts';
import { type AttestPorts, type TrustConfig, trustConfigSchema } from '../../../lib/attestation/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import type { ImageLocation } from '../../../lib/core/image-reference.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { type DocumentStore, saveJson } from '../../../lib/documents/index.ts';
import type { ImageSubject } from '../../../lib/events/index.ts';
import type { Verdict } from '../../../lib/policy/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memorySubjectLocks } from '../../../lib/registry/adapters/subject-locks.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { documentPrefix } from '../../../lib/sbom/index.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { type Signer, signImage } from '../../../lib/signing/index.ts';
import type { ScanDocument } from '../../../lib/vulnerabilities/index.ts';
import { pushImage } from '../signing/support.ts';

export const classicSigner = (): Signer => localSigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
export const quantumSigner = (): Signer => localSigner(generateKeyPairSync('ml-dsa-65').privateKey);

export const trustOf = (given: unknown = {}): TrustConfig => trustConfigSchema.parse(given);

export const NOW = '2026-03-01T12:00:00.000Z';

/** Everything that attesting an image needs, in memory, with an image that was scanned and signed. */
export async function setting(options: { readonly signers?: readonly Signer[]; readonly registry?: Registry } = {}) {
  const registry = options.registry ?? createMemoryRegistry();
  const signers = options.signers ?? [classicSigner()];
  const documents = memoryDocuments();
  const clock = manualClock(NOW);
  const signatures = memorySignatures();
  const materials = memoryMaterials();
  const crypto = memoryCryptoInventory();
  const board = memoryVerdictBoard();
  const location = await pushImage(registry, 'team/app');
  const subject: ImageSubject = {
    ...location,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    tags: ['latest'],
  };
  const [first] = signers;
  if (first) {
    await signImage({ signer: first, store: signatures, registry, clock }, { subject: location, decision: 'allow' });
  }
  const ports: AttestPorts = {
    signers,
    statements: memoryStatements(),
    signatures,
    board,
    crypto,
    sources: { documents, materials, advisories: { snapshot: async () => undefined }, spdxOf: async () => undefined },
    builtHow: async () => ({ levels: [] }),
    registry,
    locks: memorySubjectLocks(),
    clock,
  };
  return { ports, registry, signers, documents, clock, materials, crypto, board, subject, location };
}

/** A scan with one finding over an SBOM, kept as the stages keep them. */
export async function scanned(documents: DocumentStore, image: Digest, findings = 1): Promise<Digest> {
  const sbom = await saveJson(documents, documentPrefix(image), {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: [],
  });
  const finding = {
    id: 'CVE-2026-1',
    aliases: [],
    package: { name: 'musl', version: '1.0', type: 'apk', purl: 'pkg:apk/alpine/musl@1.0' },
    severity: 'high' as const,
    cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', score: 7.5 },
    fixedVersions: ['1.1'],
    fixState: 'fixed' as const,
    locations: [],
    sources: [{ source: 'test', record: 'CVE-2026-1' }],
  };
  const scan: ScanDocument = {
    schemaVersion: 1,
    image,
    sbom: { digest: sbom.digest, outcome: 'complete' },
    matcher: 'test',
    findings: Array.from({ length: findings }, () => finding),
    coverage: { packages: 1, uncovered: 0, ecosystems: [], undecided: { count: 0, examples: [] } },
  };
  return (await saveJson(documents, 'scans', scan)).digest;
}

export const verdictOf = (subject: ImageSubject, scan: Digest, given: Partial<Verdict> = {}): Verdict => ({
  subject,
  decision: 'allow',
  reasons: [],
  warnings: [],
  policy: { name: 'default', digest: digestOf('policy') },
  inputs: { key: 'verdicts/inputs/x', digest: digestOf(`inputs ${scan}`) },
  scan,
  asOf: '2026-03-01T11:59:00.000Z',
  decidedAt: NOW,
  ...given,
});

export async function referrersOf(registry: Registry, at: ImageLocation) {
  const { descriptors } = await registry.listReferrers(at, { limit: 1000 });
  return descriptors.map(({ digest, annotations }) => ({
    digest,
    predicateType: annotations?.['dev.sigstore.bundle.predicateType'] ?? '',
  }));
}
