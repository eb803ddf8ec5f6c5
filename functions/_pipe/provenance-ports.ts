import { dynamoMaterials } from '../../lib/attestation/adapters/dynamo-materials.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoLineage, dynamoPushLog } from '../../lib/provenance/adapters/dynamo-provenance.ts';
import { provenanceConfigSchema, type RecordPorts } from '../../lib/provenance/index.ts';
import { once } from './once.ts';
import { documents, setting, table } from './wiring.ts';

export const provenanceConfig = once(() => setting('provenance', provenanceConfigSchema));

/** What keeping provenance needs. */
export const recordPorts = once((): RecordPorts => {
  const signatures = table('signatures');
  return {
    documents: documents('documents'),
    materials: dynamoMaterials(signatures),
    lineage: dynamoLineage(signatures),
    clock: systemClock,
  };
});

/** What finding out takes whether who pushed is who built. */
export const pushPorts = once(() => ({
  ...recordPorts(),
  pushes: dynamoPushLog(table('signatures'), () => systemClock.now()),
}));
