import { type Classifier, named, signature } from './classifier.ts';

const REDIS_BUILD = /[^\d](?<version>\d{1,3}\.\d{1,3}\.\d{1,3})buildkitsandbox-\d/;

export const SERVER_CLASSIFIERS: readonly Classifier[] = [
  named('httpd', signature('pkg:generic/httpd', 'Apache/', /Apache\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/)),
  named(
    'nginx',
    signature(
      'pkg:generic/nginx',
      'nginx version: ',
      /[\0?]nginx version: [^/]{1,40}\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:\+\d{1,5})?(?:-\d{1,5})?)/,
    ),
  ),
  named(
    'haproxy',
    signature(
      'pkg:generic/haproxy',
      ', released 20',
      /version (?<version>\d{1,3}\.\d{1,3}(?:\.|-dev|-rc)\d{1,3})(?:-[a-z0-9]{7})?, released 20/,
    ),
    signature(
      'pkg:generic/haproxy',
      'HA-Proxy version ',
      /HA-Proxy version (?<version>\d{1,3}\.\d{1,3}(?:\.|-dev)\d{1,3})/,
    ),
    signature(
      'pkg:generic/haproxy',
      'HAProxy version',
      /(?<version>\d{1,3}\.\d{1,3}(?:\.|-dev)\d{1,3})-[0-9a-zA-Z]{7}[^\n]{1,100}HAProxy version/,
    ),
  ),
  named(
    'traefik',
    // Go puts it among other data: what is before it is a zero byte or none of ASCII.
    ...['1.', '2.', '3.'].map((text) =>
      signature(
        'pkg:generic/traefik',
        text,
        /(?:\0v?|[\x80-\xff][^\n]?)(?<version>[123]\.\d{1,3}\.\d{1,3}(?:-alpha\d|-beta\d|-rc\d)?)\0/,
      ),
    ),
  ),
  named(
    'consul',
    signature(
      'pkg:golang/github.com/hashicorp/consul',
      'CONSUL_VERSION: ',
      /CONSUL_VERSION: (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/,
    ),
    signature(
      'pkg:golang/github.com/hashicorp/consul',
      'GitDescribe=',
      /GitDescribe=(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})"/,
    ),
    signature('pkg:golang/github.com/hashicorp/consul', '\0v', /\0v(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0/),
  ),
  named(
    'vault',
    signature('pkg:golang/github.com/hashicorp/vault', 'revoke1.', /revoke(?<version>1\.\d{1,3}\.\d{1,3})/),
    signature('pkg:golang/github.com/hashicorp/vault', 'state1.', /state(?<version>1\.\d{1,3}\.\d{1,3}-rc\d)/),
    signature('pkg:golang/github.com/hashicorp/vault', '016x1.', /016x(?<version>1\.1[134]\.\d{1,2})/),
    signature('pkg:golang/github.com/hashicorp/vault', '\x001.', /\0(?<version>1\.\d[01]?\.\d{1,3})\0/),
  ),
  named(
    'lighttpd',
    signature('pkg:generic/lighttpd', '\0lighttpd/', /\0lighttpd\/(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0/),
  ),
  named(
    'proftpd',
    signature(
      'pkg:generic/proftpd',
      '\0ProFTPD Version ',
      /\0ProFTPD Version (?<version>\d{1,3}\.\d{1,3}\.\d{1,3}[a-z]?)\0/,
    ),
  ),
  named(
    'fluent-bit',
    signature(
      'pkg:github/fluent/fluent-bit',
      'Fluent',
      // Some versions have an escape sequence for the terminal between.
      /\0(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\0(?:[^\0]\[1m\0|\0{1,2})?(?:%s)?Fluent/,
    ),
  ),
  named(
    'memcached',
    signature('pkg:generic/memcached', 'memcached', /memcached\s(?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
];

const MYSQL_VERSION = '(?<version>\\d{1,3}(?:\\.\\d{1,3}){0,2}(?:(?:alpha|beta|rc)\\d)?)';

const inPath = (purl: string, text: string, behind = '') =>
  signature(purl, text, new RegExp(`${text.replaceAll('/', '\\/')}${MYSQL_VERSION}${behind}`));

export const DATABASE_CLASSIFIERS: readonly Classifier[] = [
  named(
    'redis-server',
    signature('pkg:generic/redis', 'buildkitsandbox-', REDIS_BUILD),
    // The commit and the time of the build, which ends in zeros, follow without a gap.
    signature('pkg:generic/redis', '000000000', /[^\d](?<version>\d{1,3}\.\d{1,3}\.\d{1,3})\w{12}-\d/),
    signature('pkg:generic/redis', 'Redis version ', /Redis version (?<version>\d{1,3}\.\d{1,3}\.\d{1,3})/),
  ),
  named('valkey-server', signature('pkg:generic/valkey', 'buildkitsandbox-', REDIS_BUILD)),
  named(
    'postgres',
    signature(
      'pkg:generic/postgresql',
      'PostgreSQL ',
      /[\0?]PostgreSQL (?<version>\d{1,3}(?:\.\d{1,3}){0,2}(?:(?:alpha|beta|rc)\d)?)/,
    ),
  ),
  named(
    'mysql',
    signature('pkg:generic/mysql', '\0mysql', new RegExp(`\\0${MYSQL_VERSION}\\0{1,64}mysql`)),
    inPath('pkg:generic/mysql', '/mysql-'),
  ),
  named('mysql', inPath('pkg:generic/percona-server', '/percona-server-')),
  named('mysql', inPath('pkg:generic/percona-xtradb-cluster', '/Percona-XtraDB-Cluster-')),
  named(
    'mysqld',
    inPath('pkg:generic/mysql-cluster', '/mysql-cluster-gpl-', '/'),
    inPath('pkg:generic/mysql-server', '/mysql-', '/'),
  ),
  named('xtrabackup', inPath('pkg:generic/percona-xtrabackup', '/percona-xtrabackup-')),
  named(
    ['mariadb', 'mysql'],
    signature('pkg:generic/mariadb', '-MariaDB', new RegExp(`${MYSQL_VERSION}-MariaDB`)),
    signature('pkg:generic/mariadb', 'mariadb-', new RegExp(`(?:^|[/\\n])mariadb-${MYSQL_VERSION}-`)),
  ),
  named(
    'mongod',
    ...['tcmalloc', 'heap_size', 'cppdefines'].map((text) =>
      signature(
        'pkg:generic/mongodb',
        `\0${text}`,
        new RegExp(`(?<version>\\d{1,3}\\.\\d{1,3}\\.\\d{1,3})\\0{1,16}${text}`),
      ),
    ),
  ),
  named(
    'arangosh',
    signature(
      'pkg:generic/arangodb',
      '[linux]',
      /(?<version>\d{1,3}\.\d{1,3}\.\d{1,3}(?:-\d{1,3})?)\s(?:enterprise\s)?\[linux\]/,
    ),
  ),
];
