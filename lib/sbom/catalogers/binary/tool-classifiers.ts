import { type Classifier, named, signature } from './classifier.ts';

export const TOOL_CLASSIFIERS: readonly Classifier[] = [
  named('busybox', signature('pkg:generic/busybox', 'BusyBox', /BusyBox\s{1,9}v(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)),
  named(
    'bash',
    signature(
      'pkg:generic/bash',
      '@(#)Bash version ',
      /@\(#\)Bash version (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\(\d\) [a-z0-9]{1,20} GNU/,
    ),
  ),
  named(
    'openssl',
    signature('pkg:generic/aws-lc', 'AWS-LC ', /AWS-LC (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\)\0/),
    signature(
      'pkg:generic/openssl',
      '\0OpenSSL ',
      /\0OpenSSL (?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:[a-z]{1,3}|-alpha\d|-beta\d|-rc\d)?)/,
    ),
  ),
  {
    pattern: /^libkrb5\.so(?:\.\d{1,3}){0,3}$/,
    signatures: [
      signature(
        'pkg:generic/krb5',
        'KRB5_BRAND: krb5-',
        /KRB5_BRAND: krb5-\S{1,30} (?<version>\d{1,3}(?:\.\d{1,3}){1,2})(?:\s|\0)/,
      ),
      signature(
        'pkg:generic/heimdal-krb5',
        '$Version: Heimdal ',
        /\$Version: Heimdal (?<version>\d{1,3}(?:\.\d{1,3}){1,2})(?:\s|\0)/,
      ),
    ],
  },
  {
    pattern: /^libc(?:\.so\.6|-2\.\d{1,3}\.so)$/,
    signatures: [
      signature(
        'pkg:generic/glibc',
        'GNU C Library ',
        /GNU C Library [^\0]{1,80} release version (?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)/,
      ),
    ],
  },
  named('curl', signature('pkg:generic/curl', 'curl/', /curl\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)),
  named('gcc', signature('pkg:generic/gcc', 'GCC: (GNU) ', /GCC: \(GNU\) (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)),
  named(
    'getopt',
    signature('pkg:generic/util-linux', '\0util-linux ', /\0util-linux (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0/),
  ),
  named(
    'ldapsearch',
    signature('pkg:generic/openldap', '$OpenLDAP: ldapsearch ', /ldapsearch (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
  named(
    'wp',
    signature('pkg:generic/wp-cli', 'wp-cli/wp-cli ', /wp-cli\/wp-cli (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
  named('zstd', signature('pkg:generic/zstd', '\0v', /\0v(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0/)),
  named(
    'xz',
    signature('pkg:generic/xz', '\0xz (XZ Utils) ', /\0xz \(XZ Utils\) (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0/),
  ),
  named('gzip', signature('pkg:generic/gzip', '\x001.', /\0(?<version>1\.\d{1,3})\0/, '%s: %s: not in gzip format')),
  named('jq', signature('pkg:generic/jq', '\x001.', /\0(?<version>1\.\d{1,3}(?:\.\d{1,3})?)\0/)),
  named('chrome', signature('pkg:generic/chrome', '\0Default', /\0(?<version>\d{1,4}(?:\.\d{1,6}){3})\0Default/)),
  named(
    'ffmpeg',
    signature('pkg:generic/ffmpeg', '%s version ', /%s version (?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)/),
  ),
];
