import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { StatementFile } from '../trust/run-sign.ts';
import { dataOption, outputOption, plainHttpOption } from './options.ts';

const formats = ['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'] as const;

const imageArgument = () => new Argument('<image>', 'HOST/REPOSITORY[:TAG] or HOST/REPOSITORY@sha256:…');
export const keyOption = () =>
  new Option(
    '--key <key>',
    'file (PKCS#8, or of cosign generate-key-pair), awskms:///KEY or an ARN of KMS or AWS Signer (default: that of the running stack)',
  );
export const formatOption = () =>
  new Option('--format <format>', 'how to pack the signature').choices(formats).default('cosign-bundle' as const);
const timestampOption = () =>
  new Option('--timestamp-server <url>', 'has an authority say when it was signed (RFC 3161)');

function dateOf(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime()) && date > new Date()) return date;
  throw new InvalidArgumentError('It must be a time to come, such as 2027-01-31T12:00:00Z.');
}

/** For signing with a certificate that is good for minutes. There is no default: what is signed is told to these services. */
const identityOption = () =>
  new Option('--identity-token <file>', 'sign without a key: an OpenID Connect token for the audience sigstore');
const fulcioOption = () => new Option('--fulcio <url>', 'who gives certificates for such tokens');
const rekorOption = () => new Option('--rekor <url>', 'who writes such signatures down');

const passwordHelp = `
The password of an encrypted key is taken from LADING_PASSWORD or COSIGN_PASSWORD, or asked for on a terminal.
What the key has signed before is left as it is.`;

/** cosign's short names (cosign attest --type). */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['cyclonedx', 'https://cyclonedx.org/bom'],
  ['spdxjson', 'https://spdx.dev/Document'],
  ['slsaprovenance1', 'https://slsa.dev/provenance/v1'],
  ['slsaprovenance02', 'https://slsa.dev/provenance/v0.2'],
  ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1'],
  ['openvex', 'https://openvex.dev/ns'],
  ['vsa', 'https://slsa.dev/verification_summary/v1'],
]);

function typeOf(text: string): string {
  const known = TYPES.get(text);
  if (known !== undefined) return known;
  if (/^https?:\/\/\S+$/.test(text)) return text;
  throw new InvalidArgumentError(`It must be a URI or one of ${[...TYPES.keys()].join(', ')}.`);
}

/** `cyclonedx=sbom.json`; a predicate type may itself hold `=`, a file name seldom does. */
function statementOf(text: string, before: readonly StatementFile[] = []): readonly StatementFile[] {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It must be TYPE=FILE.');
  return [...before, { type: typeOf(text.slice(0, at)), file: text.slice(at + 1) }];
}

export const signCommand = () =>
  new Command('sign')
    .description('sign an image so that cosign, notation and others can verify it')
    .addArgument(imageArgument())
    .addOption(keyOption())
    .addOption(identityOption())
    .addOption(fulcioOption())
    .addOption(rekorOption())
    .addOption(formatOption())
    .option('--certificate-chain <file>', 'for notation: PEM, the certificate of the key first and the root last')
    .addOption(new Option('--expires <time>', 'for notation: until when the signature is good').argParser(dateOf))
    .option(
      '--attest <type=file...>',
      'also sign statements about it: predicate type, and the predicate as JSON',
      statementOf,
    )
    .addOption(timestampOption())
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', passwordHelp)
    .action(async (image, options) => {
      const { runSign } = await import('../trust/run-sign.ts');
      await runSign(image, options);
    });

export const typeOption = () =>
  new Option('--type <type>', 'predicate type: a URI, or cosign’s short name').argParser(typeOf);

export const attestCommand = () =>
  new Command('attest')
    .description('sign a statement about an image')
    .addArgument(imageArgument())
    .requiredOption('--predicate <file>', 'what to say of the image (JSON)')
    .addOption(typeOption().makeOptionMandatory())
    .addOption(keyOption())
    .addOption(identityOption())
    .addOption(fulcioOption())
    .addOption(rekorOption())
    .addOption(
      new Option('--format <format>', 'how to pack it')
        .choices(['cosign-bundle', 'cosign-tag'] as const)
        .default('cosign-bundle' as const),
    )
    .addOption(timestampOption())
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', passwordHelp)
    .action(async (image, options) => {
      const { runAttest } = await import('../trust/run-sign.ts');
      await runAttest(image, options);
    });
