/** Ours as `bin` runs it, launcher included. */
const lading = [process.execPath, 'infra/launch/lading.mjs'];

/** The command lines that are compared. Each takes nothing from an earlier run. */
export const commands = {
  ladingSbom: (image: string): readonly string[] => [
    ...lading,
    'sbom',
    image,
    ...'--no-cache --platform linux/amd64 -o cyclonedx-json'.split(' '),
  ],
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
  craneCopy: (from: string, to: string): readonly string[] => ['crane', 'copy', '--insecure', from, to],
} as const;
