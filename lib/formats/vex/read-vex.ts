import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { VexDocument } from './model.ts';
import { isCsaf, readCsafVex } from './read-csaf.ts';
import { isCycloneDxVex, readCycloneDxVex } from './read-cyclonedx.ts';
import { isOpenVex, readOpenVex } from './read-openvex.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Reads a VEX document in whichever of the three forms it is: OpenVEX, CSAF 2.0, CycloneDX with analyses.
 *
 * @throws LadingError `json-invalid`, `vex-invalid`; LimitExceededError over 100,000 statements
 */
export function readVex(bytes: Uint8Array | string, what = 'the VEX document'): VexDocument {
  return readVexValue(parseJsonStrict(bytes, { maxBytes: MAX_BYTES, what }), what);
}

/** The same of JSON that was parsed already: the predicate of an attestation. */
export function readVexValue(value: unknown, what = 'the VEX document'): VexDocument {
  if (value !== null && typeof value === 'object') {
    if (isOpenVex(value)) return readOpenVex(value);
    if (isCsaf(value)) return readCsafVex(value);
    if (isCycloneDxVex(value)) return readCycloneDxVex(value);
  }
  throw new LadingError('vex-invalid', `${what} is neither OpenVEX nor CSAF nor CycloneDX with vulnerabilities`);
}
