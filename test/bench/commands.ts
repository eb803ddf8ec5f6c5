/** Ours as `bin` runs it, launcher included. */
const lading = [process.execPath, 'infra/launch/lading.mjs'];

/** Of the key that is signed with. */
export const PASSWORD = 'open sesame';

const cosign = (...args: readonly string[]): readonly string[] => [
  'env',
  `COSIGN_PASSWORD=${PASSWORD}`,
  'cosign',
  ...args,
  ...'--tlog-upload=false --use-signing-config=false --allow-insecure-registry --allow-http-registry -y'.split(' '),
];

/** The command lines that are compared. Each takes nothing from an earlier run. */
export const commands = {
  ladingSbom: (image: string): readonly string[] => [
    ...lading,
    'sbom',
    image,
    ...'--no-cache --platform linux/amd64 -o cyclonedx-json'.split(' '),
  ],
  ladingHelp: [...lading, 'sbom', '--help'],
  trivySbom: (image: string, cache: string): readonly string[] => [
    ...`trivy --quiet --cache-dir ${cache} image --insecure --image-src remote --format cyclonedx`.split(' '),
    ...'--scanners license --offline-scan --skip-db-update'.split(' '),
    image,
  ],
  syftSbom: (image: string): readonly string[] => [
    ...'env SYFT_CHECK_FOR_APP_UPDATE=false SYFT_REGISTRY_INSECURE_USE_HTTP=true syft -q'.split(' '),
    `registry:${image}`,
    ...'-o cyclonedx-json'.split(' '),
  ],
  ladingScan: (sbom: string, advisories: string): readonly string[] => [
    ...lading,
    ...['scan', sbom, '--advisories', advisories, '-o', 'json'],
  ],
  /** It exits with 1 where it finds something. */
  osvScan: (sbom: string, database: string): readonly string[] => [
    ...['sh', '-c', 'osv-scanner scan source --offline --local-db-path "$1" -L "$2" --format json || test $? -eq 1'],
    ...['sh', database, sbom],
  ],
  ladingSign: (image: string, key: string, predicate?: string): readonly string[] => [
    ...['env', `COSIGN_PASSWORD=${PASSWORD}`, ...lading, 'sign', image, '--key', key],
    ...(predicate === undefined ? [] : ['--attest', `https://example.com/bench=${predicate}`]),
  ],
  ladingAttest: (image: string, key: string, predicate: string): readonly string[] => [
    ...['env', `COSIGN_PASSWORD=${PASSWORD}`, ...lading, 'attest', image, '--key', key],
    ...['--type', 'https://example.com/bench', '--predicate', predicate],
  ],
  cosignSign: (image: string, key: string): readonly string[] => [...cosign('sign', '--key', key), image],
  cosignAttest: (image: string, key: string, predicate: string): readonly string[] => [
    ...cosign('attest', '--key', key, '--type', 'https://example.com/bench', '--predicate', predicate),
    image,
  ],
  ladingCopy: (from: string, to: string): readonly string[] => [...lading, 'push', from, to],
  skopeoCopy: (from: string, to: string): readonly string[] => [
    ...'skopeo copy -q --src-tls-verify=false --dest-tls-verify=false'.split(' '),
    `docker://${from}`,
    `docker://${to}`,
  ],
  ladingPull: (from: string, folder: string): readonly string[] => [...lading, 'pull', from, folder],
  skopeoPull: (from: string, folder: string): readonly string[] => [
    ...'skopeo copy -q --src-tls-verify=false'.split(' '),
    `docker://${from}`,
    `oci:${folder}:v1`,
  ],
  cranePull: (from: string, folder: string): readonly string[] => [
    ...'crane pull --insecure --format oci'.split(' '),
    from,
    folder,
  ],
  skopeoPush: (from: string, to: string): readonly string[] => [
    ...'skopeo copy -q --dest-tls-verify=false'.split(' '),
    `oci:${from}`,
    `docker://${to}`,
  ],
  cranePush: (layout: string, to: string): readonly string[] => ['crane', 'push', '--insecure', layout, to],
  /** regsync copies by the same library. */
  regctlCopy: (from: string, to: string): readonly string[] => [
    'regctl',
    ...[from, to].flatMap((one) => ['--host', `reg=${one.slice(0, one.indexOf('/'))},tls=disabled`]),
    ...['image', 'copy', from, to],
  ],
  orasCopy: (from: string, to: string): readonly string[] => [
    ...'oras cp --no-tty --from-plain-http --to-plain-http'.split(' '),
    from,
    to,
  ],
  /** What takes a peer no work: how long its process takes to start. */
  starts: {
    skopeo: ['skopeo', '--version'],
    crane: ['crane', 'version'],
    regctl: ['regctl', 'version'],
    oras: ['oras', 'version'],
  },
  craneCopy: (from: string, to: string): readonly string[] => ['crane', 'copy', '--insecure', from, to],
} as const;
