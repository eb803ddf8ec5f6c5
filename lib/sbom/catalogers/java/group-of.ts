import { allAttributes, type Manifest } from './parse-manifest.ts';

/**
 * Groups of artifacts whose archives name none, because they are not built by Maven: what comes before the version in
 * their names, as Maven's central repository has them.
 */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ...['aop', 'aspects', 'beans', 'context', 'context-support', 'core', 'expression', 'instrument', 'jcl', 'jdbc', 'jms']
    .concat([
      'messaging',
      'orm',
      'oxm',
      'r2dbc',
      'test',
      'tx',
      'web',
      'webflux',
      'webmvc',
      'websocket',
      'context-indexer',
    ])
    .concat(['asm', 'struts', 'webmvc-portlet', 'core-test', 'framework-bom'])
    .map((name) => [`spring-${name}`, 'org.springframework'] as const),
  ['commons-codec', 'commons-codec'],
  ['commons-logging', 'commons-logging'],
  ['spring-kafka', 'org.springframework.kafka'],
  ['spring-rabbit', 'org.springframework.amqp'],
  ['spring-amqp', 'org.springframework.amqp'],
  ['spring-retry', 'org.springframework.retry'],
  ['spring-plugin-core', 'org.springframework.plugin'],
  ['spring-hateoas', 'org.springframework.hateoas'],
  ['spring-ldap-core', 'org.springframework.ldap'],
  ['velocity', 'org.apache.velocity'],
  ['okhttp', 'com.squareup.okhttp3'],
  ['okio', 'com.squareup.okio'],
  ['kafka-clients', 'org.apache.kafka'],
  ['kafka-streams', 'org.apache.kafka'],
  ['elasticsearch', 'org.elasticsearch'],
  ['hibernate-core', 'org.hibernate'],
  ['cassandra-all', 'org.apache.cassandra'],
  ['geode-core', 'org.apache.geode'],
  ['ant', 'org.apache.ant'],
  ['ant-launcher', 'org.apache.ant'],
]);

/** Families that keep one prefix in one group; the longest counts. */
const FAMILIES: readonly (readonly [prefix: string, group: string])[] = [
  ['spring-boot', 'org.springframework.boot'],
  ['spring-security-', 'org.springframework.security'],
  ['spring-cloud-', 'org.springframework.cloud'],
  ['spring-data-', 'org.springframework.data'],
  ['spring-integration-', 'org.springframework.integration'],
  ['spring-batch-', 'org.springframework.batch'],
  ['spring-session-', 'org.springframework.session'],
  ['spring-ws-', 'org.springframework.ws'],
  ['spring-restdocs-', 'org.springframework.restdocs'],
  ['bcprov-', 'org.bouncycastle'],
  ['bcpkix-', 'org.bouncycastle'],
  ['bcutil-', 'org.bouncycastle'],
  ['bctls-', 'org.bouncycastle'],
  ['bcpg-', 'org.bouncycastle'],
];

/** Fields in which tools write a group, in two ranks. */
const FIELDS = [
  [
    'Group-Id',
    'Bundle-SymbolicName',
    'Extension-Name',
    'Specification-Vendor',
    'Implementation-Vendor',
    'Implementation-Vendor-Id',
    'Implementation-Title',
    'Bundle-Activator',
  ],
  ['Automatic-Module-Name', 'Main-Class', 'Package'],
];

const LIKE_A_DOMAIN = /^(?:com|org|net|io|be)/;
const CORRECTIONS: ReadonlyMap<string, string> = new Map([['org.lz4.java', 'org.lz4']]);

/** The group of an artifact whose Maven coordinates are not told; empty where nothing hints at it. */
export function groupOf(artifact: string, manifest: Manifest): string {
  const known = KNOWN.get(artifact) ?? FAMILIES.find(([prefix]) => artifact.startsWith(prefix))?.[1];
  if (known !== undefined) return known;
  for (const fields of FIELDS) {
    const groups = fields
      .flatMap((field) => allAttributes(manifest, field))
      .filter((value) => LIKE_A_DOMAIN.test(value))
      .map((value) => value.split(/[;#]/)[0]?.trim() ?? '')
      .map((value) => CORRECTIONS.get(value) ?? value)
      .sort();
    if (groups[0]) return groups[0];
  }
  return '';
}
