import { type Defence, defence } from './defence.ts';

const VERIFY = 'lib/signing/verify';
const NEGATIVE = 'test/lib/signing/verify/negative.test.ts';
const SIGNER = 'test/lib/signing/verify/aws-signer-signatures.test.ts';
const TRUST_DATA = 'test/lib/signing/trust-data/verify-trust-data.test.ts';

const anySubject = [
  `${VERIFY}/check-cosign.ts`,
  'return isAbout(statement, image.digest)',
  'return isAbout(statement, image.digest) || image',
] as const;

/** What keeps signatures and trust data from saying more than they do. */
export const trustDefences: readonly Defence[] = [
  defence('signature of another image, in each format', [NEGATIVE, 'a signature of another image'], anySubject),
  defence('re-pointed bundle', [NEGATIVE, 'a bundle that is attached to another image'], anySubject),
  defence(
    'signature that is there twice',
    [NEGATIVE, 'nothing by being there twice'],
    [
      `${VERIFY}/meet-requirement.ts`,
      'const same = groups.filter((group) => marks.some((mark) => group.marks.has(mark)));',
      'const same: typeof groups = [];',
    ],
  ),
  defence(
    'one signer who poses as several',
    ['test/lib/signing/verify/verify.test.ts', 'are not met by one who signs often'],
    [
      `${VERIFY}/meet-requirement.ts`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source.
      'return [`key ${signer.keyId}`, `subject',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source.
      "return signer.name !== '' ? [`key ${signer.keyId}`] : [`subject",
    ],
  ),
  defence(
    'key that expired',
    [NEGATIVE, 'key-expired'],
    [
      `${VERIFY}/check-cosign.ts`,
      'if (notAfter !== undefined && at > notAfter) {',
      'if (notAfter !== undefined && at === notAfter) {',
    ],
  ),
  defence(
    'key that was revoked',
    [NEGATIVE, 'key-revoked'],
    [
      `${VERIFY}/check-cosign.ts`,
      'if (revoked !== undefined) return fault(',
      "if (revoked?.reason === '') return fault(",
    ],
  ),
  defence(
    'certificate with another usage',
    [NEGATIVE, 'refuses a certificate'],
    [
      'lib/formats/x509/chain.ts',
      "if (usage !== undefined) return fault('usage',",
      "if (usage === '') return fault('usage',",
    ],
  ),
  defence(
    'algorithm downgrade',
    [NEGATIVE, 'refuses an algorithm other than'],
    [
      `${VERIFY}/check-notation.ts`,
      'if (expected === undefined || expected !== envelope.algorithm) {',
      'if (expected === undefined) {',
    ],
  ),
  defence(
    'attribute that must be understood and is not',
    [NEGATIVE, 'refuses an algorithm other than'],
    [`${VERIFY}/signing-profile.ts`, 'if (unknown !== undefined) {', "if (unknown === '') {"],
  ),
  defence(
    'signature of AWS Signer by another customer',
    [SIGNER, 'does not where it names'],
    [
      `${VERIFY}/check-notation.ts`,
      'if (isTrustedProfile(profile, statement.trustedIdentities)) return { store };',
      'if (profile.job) return { store };',
    ],
  ),
  defence(
    'signature that its service revoked',
    [SIGNER, 'is refused when'],
    [
      `${VERIFY}/check-notation.ts`,
      'if (profile === undefined) return undefined;\n  return revocationFaultOf(',
      'if (chain.length > 0) return undefined;\n  return revocationFaultOf(',
    ],
  ),
  defence(
    'envelope that makes us call for a stranger',
    [SIGNER, 'costs no question when a stranger made it'],
    [
      `${VERIFY}/check-notation.ts`,
      'if (authenticity(intact, trust.notation?.stores ?? new Map()).fault !== undefined) return undefined;',
      '',
    ],
  ),
  defence(
    'payload of another type',
    [NEGATIVE, 'another payload type'],
    [
      `${VERIFY}/check-cosign.ts`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source.
      "return reject(fault('payload-type-differs', `the payload is ${payloadType.slice(0, 200)}`));\n  }\n  const signer =",
      '}\n  const signer =',
    ],
  ),
  defence(
    'endless referrers',
    [NEGATIVE, 'more than may be examined'],
    [`${VERIFY}/meet-requirement.ts`, 'unmet: complete\n', 'unmet: complete || name\n'],
  ),
  defence(
    'rollback of trust data',
    [TRUST_DATA, 'refuses what is older than what was seen'],
    [
      'lib/signing/trust-data/verify-trust-data.ts',
      'if ((seen[role] ?? 0) > metadata.version) {',
      'if (metadata.version < 0) {',
    ],
  ),
  defence(
    'key file that takes memory at will',
    ['test/lib/formats/cosign-key/cosign-key.test.ts', 'do not choose how much memory'],
    [
      'lib/formats/cosign-key/index.ts',
      "N: z.number().refine((n) => SCRYPT_COSTS.includes(n), 'a cost that is none of the usual'),",
      'N: z.number(),',
    ],
  ),
];
