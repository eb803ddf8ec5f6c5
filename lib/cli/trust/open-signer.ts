import { createPublicKey } from 'node:crypto';
import { parseCertificatePem } from '../../formats/x509/index.ts';
import {
  openPrivateKey,
  type SignatureAlgorithm,
  type SignatureFormat,
  type Signer,
  type SigningOptions,
  usualAlgorithm,
} from '../../signing/index.ts';
import { connect } from '../connection.ts';
import { readText } from '../read-file.ts';
import { askPassword } from './ask-password.ts';

export interface SigningInput {
  readonly key?: string | undefined;
  readonly format: SignatureFormat;
  readonly certificateChain?: string | undefined;
  readonly timestampServer?: string | undefined;
  readonly expires?: Date | undefined;
  readonly data?: string | undefined;
}

/** `awskms://[ENDPOINT]/KEY`, as cosign writes it, or the ARN alone. */
const KMS = /^(?:awskms:\/\/([^/]*)\/)?(arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(?:key|alias)\/\S+|[^\s]+)$/;

/**
 * The key that a person names: a file, one of AWS KMS, or that of the running stack where none is named.
 *
 * @throws LadingError `key-unusable`, `key-locked`, `stack-not-running`
 */
export async function openSigner({ key, format, data }: SigningInput): Promise<Signer> {
  if (key !== undefined && !isKms(key)) return fileSigner(key, format);
  const { kmsClientAt } = await import('../../aws/kms-client.ts');
  const { kmsSigner } = await import('../../signing/adapters/kms-signer.ts');
  if (key !== undefined) {
    const [, endpoint, id = '', region] = KMS.exec(key) ?? [];
    const client = endpoint ? { endpoint: `https://${endpoint}`, region: region ?? 'us-east-1' } : undefined;
    return forFormat(format, (algorithm) =>
      kmsSigner(client ? kmsClientAt(client) : kmsClientAt(undefined, region), id, algorithm),
    );
  }
  const { local } = connect({ data, onlyLocal: true });
  return forFormat(format, (algorithm) => kmsSigner(kmsClientAt(local), STACK_KEY, algorithm));
}

/** What a key in KMS is used with depends on what it is, which only KMS can tell. */
async function forFormat(format: SignatureFormat, open: (algorithm?: SignatureAlgorithm) => Signer): Promise<Signer> {
  const signer = open();
  const { spki, algorithm } = await signer.publicKey();
  const wanted = usualAlgorithm(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), format);
  return wanted === algorithm ? signer : open(wanted);
}

/** The key that is in use now: the alias is moved when keys are rotated. */
const STACK_KEY = 'alias/lading-signing';

export const isKms = (key: string): boolean => key.startsWith('awskms://') || /^arn:aws[a-z-]*:kms:/.test(key);

async function fileSigner(file: string, format: SignatureFormat): Promise<Signer> {
  const { localSigner } = await import('../../signing/adapters/local-signer.ts');
  const pem = await readText(file);
  const key = await openPrivateKey(pem, () => askPassword(`password of ${file}: `));
  return localSigner(key, usualAlgorithm(createPublicKey(key), format));
}

export async function signingOptions(input: SigningInput): Promise<SigningOptions> {
  const { format, certificateChain, timestampServer, expires } = input;
  const chain = certificateChain === undefined ? undefined : parseCertificatePem(await readText(certificateChain));
  const { httpTimestamper } =
    timestampServer === undefined
      ? { httpTimestamper: undefined }
      : await import('../../signing/adapters/http-timestamper.ts');
  return {
    format,
    ...(chain === undefined ? {} : { certificates: chain.map(({ der }) => der) }),
    ...(httpTimestamper === undefined || timestampServer === undefined
      ? {}
      : { timestamper: httpTimestamper(timestampServer) }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  };
}
