import { parseVerificationKey, type VerificationKey } from '../../signing/index.ts';
import { callApi } from '../api-client.ts';
import { connect } from '../connection.ts';
import { readText } from '../read-file.ts';

/** The keys that a person names, or that of the running stack. */
export async function hubKeys(options: {
  readonly key?: readonly string[] | undefined;
  readonly data?: string | undefined;
}): Promise<readonly VerificationKey[]> {
  const { key: files = [], data } = options;
  const pems =
    files.length > 0
      ? await Promise.all(files.map(readText))
      : [await (await callApi(connect({ data }), '/api/key')).text()];
  return pems.map((pem) => parseVerificationKey(pem));
}
