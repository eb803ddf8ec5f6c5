import { type Classifier, named, type Signature, signature } from './classifier.ts';

const escapeDots = (text: string): string => text.replaceAll('.', '\\.');

/** CPython has its version between zero bytes; the name of the file tells how it begins. */
const pythonSignatures = (release: string): readonly Signature[] => [
  signature(
    'pkg:generic/python',
    `\0${release}`,
    new RegExp(`\\0(?<version>${escapeDots(release)}[-._a-zA-Z0-9]{0,40})\\0`),
  ),
];

const RUBY = signature(
  'pkg:generic/ruby',
  'ruby ',
  /ruby (?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:(?:p|preview|rc|dev)\d{0,5})?) /,
);

const ERLANG = [
  signature(
    'pkg:generic/erlang',
    '/src/otp_src_',
    /\/src\/otp_src_(?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3}){0,2}(?:-rc\d)?)\/erts\//,
  ),
  signature(
    'pkg:generic/erlang',
    '/usr/local/src/otp-',
    /\/usr\/local\/src\/otp-(?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3}){0,2}(?:-rc\d)?)\/erts\//,
  ),
  signature(
    'pkg:generic/erlang',
    '\0Erlang/OTP',
    /\0(?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3}){0,2}(?:-rc\d)?)\0{1,64}Erlang\/OTP/,
  ),
  // Behind the banner, whose placeholders are filled in when it starts.
  signature(
    'pkg:generic/erlang',
    'Erlang/OTP ',
    /Erlang\/OTP [^\0]{1,150}\0{1,16}(?<version>\d{1,3}\.\d{1,3}(?:\.\d{1,3}){0,2}(?:-rc\d)?)\0/,
  ),
];

/** Launchers of the JDK: release, then version behind their names, or before them on 64-bit ARM. */
const OPENJDK = [
  signature(
    'pkg:generic/oracle/graalvm',
    '-jvmci-',
    /\0(?<version>\d[.0-9]{1,20}\+\d{1,5}-jvmci-\d[.0-9]{1,20}-b\d{1,5})\0/,
  ),
  signature(
    'pkg:generic/oracle/openjdk',
    'java\0',
    /java\0\d[.0-9]{0,20}\0(?<version>\d[^\0]{1,40}_[^\0]{1,40}-[^\0]{1,40})\0/,
    'openjdk',
  ),
  signature(
    'pkg:generic/oracle/openjdk',
    '\0openjdk\0java\0',
    /\0openjdk\0java\0\d[.0-9]{0,20}\0(?<version>\d[^\0]{1,60})\0/,
  ),
  signature(
    'pkg:generic/oracle/openjdk',
    '\0openjdk\0java',
    /\0\d[.0-9]{0,20}\0{1,16}(?<version>\d[^\0]{1,60})\0{1,16}openjdk\0java/,
  ),
];

const php = (name: string): Signature =>
  signature(
    `pkg:generic/${name}`,
    'X-Powered-By: PHP/',
    /X-Powered-By: PHP\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:(?:beta|alpha|RC)\d{1,3})?)/,
  );

export const LANGUAGE_CLASSIFIERS: readonly Classifier[] = [
  { pattern: /^python(\d+(?:\.\d+)+)$/, signatures: [], forName: pythonSignatures },
  { pattern: /^libpython(\d+(?:\.\d+)+)[a-z]?\.so/, signatures: [], forName: pythonSignatures },
  {
    pattern: /^libpypy.{0,60}\.so/,
    signatures: [signature('pkg:generic/pypy', '[PyPy ', /\[PyPy (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)],
  },
  named(
    ['go', 'go.exe'],
    signature('pkg:generic/go', 'go1.', /go(?<version>1\.\d{1,3}(?:\.\d{1,3}|(?:beta|alpha|rc)\d{1,3})?)\0/),
  ),
  named(
    'node',
    signature('pkg:generic/node', '\0node v0.', /\0node v(?<version>0\.\d{1,3}\.\d{1,3})\0/),
    ...['0', '4', '5', '6'].map((major) =>
      signature('pkg:generic/node', `\0v${major}.`, /\0v(?<version>[0456]\.\d{1,3}\.\d{1,3})\0/),
    ),
    signature('pkg:generic/node', 'node.js/v', /node\.js\/v(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
  named(
    'perl',
    signature(
      'pkg:generic/perl',
      '/usr/local/lib/perl',
      /\/usr\/local\/lib\/perl\d\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/,
    ),
  ),
  named('ruby', RUBY),
  { pattern: /^libruby\.so/, signatures: [RUBY] },
  named(
    'java',
    ...OPENJDK,
    signature('pkg:generic/oracle/jre', 'openjdk', /\0(?<version>\d[.0-9]{1,20}\+[-0-9]{1,20})\0/),
  ),
  { pattern: /^php\d*$/, signatures: [php('php-cli')] },
  { pattern: /^php-fpm/, signatures: [php('php-fpm')] },
  { pattern: /^libphp.{0,20}\.so$/, signatures: [php('php')] },
  named(
    ['composer', 'composer.phar'],
    signature(
      'pkg:generic/composer',
      "'pretty_version'",
      /'pretty_version'\s{0,9}=>\s{0,9}'(?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:(?:beta|alpha|RC)\d{1,3})?)'/,
    ),
  ),
  named(['erlexec', 'beam.smp'], ...ERLANG),
  named(
    'elixir',
    signature(
      'pkg:generic/elixir',
      'ELIXIR_VERSION=',
      /ELIXIR_VERSION=(?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[a-z0-9]{1,20}(?:\.\d{1,3})?)?)/,
    ),
  ),
  named('swipl', signature('pkg:generic/swipl', 'swipl-', /swipl-(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\//)),
  named('deno', signature('pkg:generic/deno', 'Deno/', /Deno\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)),
  named(
    'bun',
    signature('pkg:generic/bun', 'un ', /[Bb]un v?(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
    signature('pkg:generic/bun', 'bun-', /bun-(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
  {
    pattern: /^libstd-[0-9a-f]{16}\.so$/,
    signatures: [
      signature(
        'pkg:generic/rust',
        '(rustc version ',
        /\(rustc version (?<version>\d{1,3}(?:\.\d{1,3}){1,2}) \(\w{1,20} \d{4}-\d\d-\d\d\)/,
      ),
    ],
  },
];
