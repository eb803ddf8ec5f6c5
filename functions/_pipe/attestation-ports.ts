import { dynamoCryptoInventory } from '../../lib/attestation/adapters/dynamo-crypto-inventory.ts';
import { dynamoMaterials } from '../../lib/attestation/adapters/dynamo-materials.ts';
import { dynamoStatements } from '../../lib/attestation/adapters/dynamo-statements.ts';
import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import type { AttestPorts } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import type { ImageSubject } from '../../lib/events/index.ts';
import { dynamoLineage } from '../../lib/provenance/adapters/dynamo-provenance.ts';
import { levelName } from '../../lib/provenance/index.ts';
import { dynamoSubjectLocks } from '../../lib/registry/adapters/subject-locks.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { writeSbom } from '../../lib/sbom/index.ts';
import { dynamoSignatures } from '../../lib/signing/adapters/dynamo-signatures.ts';
import { snapshotDocuments } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { signers } from './signers.ts';
import { documents, table } from './wiring.ts';

const stores = once(() => {
  const signatures = table('signatures');
  const store = documents('documents');
  return {
    statements: dynamoStatements(signatures, store),
    signatures: dynamoSignatures(signatures),
    board: dynamoVerdictBoard(signatures),
    crypto: dynamoCryptoInventory(signatures),
    lineage: dynamoLineage(signatures),
    locks: dynamoSubjectLocks({ table: table('work'), clock: systemClock }),
    sources: {
      documents: store,
      materials: dynamoMaterials(signatures),
      advisories: snapshotDocuments(store),
      spdxOf: async (subject: ImageSubject, timestamp: string) => {
        const sbom = await documentSbomStore(store).get(subject.digest);
        return sbom && writeSbom(sbom, { format: 'spdx-json', version: '2.3' }, { ...subject, timestamp });
      },
    },
  };
});

export const verdictBoard = () => stores().board;

/** What saying something of an image needs, with its registry opened. */
export async function attestPorts(image: ImageLocation): Promise<AttestPorts> {
  return {
    ...stores(),
    signers: signers().map(({ signer }) => signer),
    async builtHow(subject) {
      const known = await stores().lineage.of(subject);
      return known === undefined
        ? { levels: [] }
        : { levels: [levelName(known.level)], pushedByBuilder: known.pushedByBuilder };
    },
    registry: await registries().open(image.registry),
    clock: systemClock,
  };
}
