/**
 * Packages of Alpine 3.10.2 as that release names them (August 2019): names, versions and the source packages
 * (`origin`) that its advisories go by. Restated facts; no file of Alpine is in the sample.
 */
export const basePackages: readonly { readonly name: string; readonly version: string; readonly origin?: string }[] = [
  { name: 'alpine-baselayout', version: '3.1.2-r0' },
  { name: 'alpine-keys', version: '2.1-r2' },
  { name: 'apk-tools', version: '2.10.4-r2' },
  { name: 'busybox', version: '1.30.1-r2' },
  { name: 'ca-certificates-cacert', version: '20190108-r0', origin: 'ca-certificates' },
  { name: 'libc-utils', version: '0.7.1-r0', origin: 'libc-dev' },
  { name: 'libcrypto1.1', version: '1.1.1c-r0', origin: 'openssl' },
  { name: 'libssl1.1', version: '1.1.1c-r0', origin: 'openssl' },
  { name: 'libtls-standalone', version: '2.9.1-r0' },
  { name: 'musl', version: '1.1.22-r3' },
  { name: 'musl-utils', version: '1.1.22-r3', origin: 'musl' },
  { name: 'scanelf', version: '1.2.3-r0', origin: 'pax-utils' },
  { name: 'ssl_client', version: '1.30.1-r2', origin: 'busybox' },
  { name: 'zlib', version: '1.2.11-r1' },
];

export const osRelease = `NAME="Alpine Linux"
ID=alpine
VERSION_ID=3.10.2
PRETTY_NAME="Alpine Linux v3.10 (a package database for a demonstration; the files are not there)"
`;
