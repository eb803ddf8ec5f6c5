export { type Certificate, parseCertificate, parseCertificatePem } from './certificate.ts';
export { type ChainFault, checkChain, findChain } from './chain.ts';
export { type DistinguishedName, formatName, isSubsetOf, parseName } from './name.ts';
