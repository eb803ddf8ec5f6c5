import { dynamoCryptoInventory } from '../../lib/attestation/adapters/dynamo-crypto-inventory.ts';
import { dynamoMaterials } from '../../lib/attestation/adapters/dynamo-materials.ts';
import { dynamoStatements } from '../../lib/attestation/adapters/dynamo-statements.ts';
import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import { type AttestPorts, trustConfigSchema } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { dynamoSignatures } from '../../lib/signing/adapters/dynamo-signatures.ts';
import { snapshotDocuments } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { signers } from './signers.ts';
import { documents, setting, table } from './wiring.ts';

export const trust = once(() => setting('trust', trustConfigSchema));

const stores = once(() => {
  const signatures = table('signatures');
  const store = documents('documents');
  return {
    statements: dynamoStatements(signatures, store),
    signatures: dynamoSignatures(signatures),
    board: dynamoVerdictBoard(signatures),
    crypto: dynamoCryptoInventory(signatures),
    sources: {
      documents: store,
      materials: dynamoMaterials(signatures),
      advisories: snapshotDocuments(store),
    },
  };
});

export const verdictBoard = () => stores().board;

/** What saying something of an image needs, with its registry opened. */
export async function attestPorts(image: ImageLocation): Promise<AttestPorts> {
  return {
    ...stores(),
    signers: signers().map(({ signer }) => signer),
    levelsOf: async () => [],
    registry: await registries().open(image.registry),
    clock: systemClock,
  };
}
