import type { Certificate, KeyUsage } from './certificate.ts';
import { formatName } from './name.ts';

/** What is wrong with a chain: broken links, or a certificate that may not do what it is used for. */
export interface ChainFault {
  readonly kind: 'broken' | 'usage' | 'expired' | 'not-yet-valid';
  readonly detail: string;
}

/** What the first certificate must be good for; everything above it must be an authority. */
export interface ChainRules {
  /** Purposes of which the first certificate must name one, if it names any at all (`required`: in any case). */
  readonly purposes?: {
    readonly allowed?: readonly string[];
    readonly forbidden?: readonly string[];
    readonly required?: boolean;
  };
  /** The last one is trusted as it is, and need not be a root. */
  readonly anchored?: boolean;
  /** At which every certificate must be valid; not checked when absent. */
  readonly at?: Date;
}

const MAX_CHAIN = 10;

export const isSelfSigned = (certificate: Certificate): boolean => certificate.isIssuedBy(certificate);

const named = (certificate: Certificate): string =>
  `the certificate of "${formatName(certificate.subject).slice(0, 200)}"`;

/**
 * Checks a chain, the signing certificate first and a self-signed root last, by RFC 5280, section 6.1, and the
 * certificate requirements of Notary Project (signature-specification.md, "Certificate Requirements"). Whether the root
 * is trusted is for the caller to say.
 */
export function checkChain(chain: readonly Certificate[], rules: ChainRules): ChainFault | undefined {
  const fault = (kind: ChainFault['kind'], detail: string): ChainFault => ({ kind, detail });
  const [leaf] = chain;
  if (leaf === undefined) return fault('broken', 'there is no certificate');
  if (chain.length > MAX_CHAIN) return fault('broken', `the chain has over ${MAX_CHAIN} certificates`);
  for (const [i, certificate] of chain.entries()) {
    const issuer = chain[i + 1];
    const last = issuer === undefined;
    if (last && rules.anchored !== true && !isSelfSigned(certificate))
      return fault('broken', `${named(certificate)} ends the chain and is no root`);
    if (!last && isSelfSigned(certificate)) return fault('broken', `${named(certificate)} is a root amid the chain`);
    if (!last && !certificate.isIssuedBy(issuer)) {
      return fault('broken', `${named(certificate)} is not issued by ${named(issuer)}`);
    }
    const usage = i === 0 ? leafFault(certificate, rules) : authorityFault(certificate, i - 1);
    if (usage !== undefined) return fault('usage', `${named(certificate)} ${usage}`);
    const { at } = rules;
    if (at !== undefined && at < certificate.notBefore) {
      return fault('not-yet-valid', `${named(certificate)} is valid from ${certificate.notBefore.toISOString()} on`);
    }
    if (at !== undefined && at > certificate.notAfter) {
      return fault('expired', `${named(certificate)} expired at ${certificate.notAfter.toISOString()}`);
    }
  }
  return undefined;
}

const NOT_FOR_SIGNERS: readonly KeyUsage[] = [
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

function leafFault(leaf: Certificate, { purposes = {} }: ChainRules): string | undefined {
  const { basicConstraints, keyUsage, extendedKeyUsage } = leaf;
  if (leaf.unknownCritical.length > 0) return `has the unknown critical extension ${leaf.unknownCritical[0]}`;
  if (basicConstraints?.ca) return 'is that of an authority, and may not sign anything but certificates';
  if (keyUsage === undefined || !keyUsage.critical) return 'has no critical key usage';
  if (!keyUsage.bits.has('digitalSignature')) return 'may not be used for digital signatures';
  const other = NOT_FOR_SIGNERS.find((bit) => keyUsage.bits.has(bit));
  if (other !== undefined) return `may be used for ${other} as well`;
  const { allowed, forbidden, required } = purposes;
  if (extendedKeyUsage === undefined) return required ? 'names no purpose' : undefined;
  const bad = extendedKeyUsage.purposes.find((oid) => forbidden?.includes(oid));
  if (bad !== undefined) return `may be used for the purpose ${bad}`;
  if (allowed !== undefined && !extendedKeyUsage.purposes.some((oid) => allowed.includes(oid))) {
    return `may be used for ${extendedKeyUsage.purposes.join(', ')} only`;
  }
  return undefined;
}

/** @param below how many authorities stand between this one and the signing certificate */
function authorityFault(certificate: Certificate, below: number): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical } = certificate;
  if (unknownCritical.length > 0) return `has the unknown critical extension ${unknownCritical[0]}`;
  if (!basicConstraints?.ca) return 'is not that of an authority';
  const { pathLength } = basicConstraints;
  if (pathLength !== undefined && pathLength < below) return `allows ${pathLength} authorities below it`;
  if (keyUsage === undefined || !keyUsage.critical) return 'has no critical key usage';
  return keyUsage.bits.has('keyCertSign') ? undefined : 'may not sign certificates';
}

/**
 * A way from the certificate to one that is trusted, over any of the others. `undefined` where there is none. Trusted
 * are the very certificates that are given, not others of the same name.
 */
export function findChain(
  leaf: Certificate,
  others: readonly Certificate[],
  anchors: readonly Certificate[],
): readonly Certificate[] | undefined {
  const isAnchor = (one: Certificate): boolean => anchors.some(({ der }) => Buffer.compare(der, one.der) === 0);
  const extend = (chain: readonly Certificate[]): readonly Certificate[] | undefined => {
    const last = chain.at(-1) as Certificate;
    if (isAnchor(last)) return chain;
    if (chain.length >= MAX_CHAIN) return undefined;
    for (const issuer of others) {
      if (chain.includes(issuer) || !last.isIssuedBy(issuer)) continue;
      const found = extend([...chain, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return extend([leaf]);
}
