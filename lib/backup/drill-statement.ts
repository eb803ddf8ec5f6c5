import { preAuthEncoding } from '../formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/index.ts';
import { encodeBundle } from '../formats/sigstore-bundle/index.ts';
import type { Signer } from '../signing/index.ts';
import type { DrillReport } from './run-drill.ts';

/** in-toto attestation framework, predicate "Test Result". */
export const TEST_RESULT = 'https://in-toto.io/attestation/test-result/v0.1';

/**
 * The outcome of a drill as a signed statement about the snapshot: in-toto's "Test Result", with our figures beside its
 * own members, in a Sigstore bundle (`cosign verify-blob-attestation` reads it).
 */
export async function signDrill(signer: Signer, report: DrillReport): Promise<Uint8Array> {
  const { passed, snapshot, faults, ...figures } = report;
  const payload = encodeStatement({
    subject: [{ name: snapshot.key, digest: snapshot.digest }],
    predicateType: TEST_RESULT,
    predicate: {
      result: passed ? 'PASSED' : 'FAILED',
      configuration: [{ name: `backup of ${snapshot.registry}`, uri: snapshot.key }],
      passedTests: passed ? ['recovery'] : [],
      warnedTests: [],
      failedTests: faults.map(({ repository, part, why }) => `${repository} ${part}: ${why}`),
      recovery: figures,
    },
  });
  const { hint } = await signer.publicKey();
  const sig = await signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
  return encodeBundle({
    envelope: { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] },
    signer: { hint },
  });
}
