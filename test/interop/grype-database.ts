import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Tables and columns of Grype's database, model 6 (anchore/grype, `grype/db/v6/models.go`). */
const TABLES: Readonly<Record<string, string>> = {
  blobs: 'id integer primary key, value',
  db_metadata: 'build_timestamp datetime, model integer, revision integer, addition integer',
  providers: 'id, version, processor, date_captured datetime, input_digest',
  vulnerability_handles:
    'id integer primary key, name, status, published_date datetime, modified_date datetime, withdrawn_date datetime, provider_id, blob_id',
  vulnerability_aliases: 'name, alias',
  operating_systems:
    'id integer primary key, name, release_id, major_version, minor_version, label_version, codename, channel, eol_date, eoas_date',
  operating_system_specifier_overrides:
    'alias, version, version_pattern, codename, channel, replacement, replacement_major_version, replacement_minor_version, replacement_label_version, replacement_channel, rolling, applicable_client_db_schemas',
  packages: 'id integer primary key, ecosystem, name',
  package_cpes: 'cpe_id, package_id',
  package_specifier_overrides: 'ecosystem, replacement_ecosystem',
  architecture_aliases: 'alias, canonical',
  affected_package_handles: 'id integer primary key, vulnerability_id, operating_system_id, package_id, blob_id',
  unaffected_package_handles: 'id integer primary key, vulnerability_id, operating_system_id, package_id, blob_id',
  cpes: 'id integer primary key, part, vendor, product, edition, language, software_edition, target_hardware, target_software, other',
  affected_cpe_handles: 'id integer primary key, vulnerability_id, cpe_id, blob_id',
  unaffected_cpe_handles: 'id integer primary key, vulnerability_id, cpe_id, blob_id',
  known_exploited_vulnerability_handles: 'id integer primary key, cve, blob_id',
  epss_handles: 'id integer primary key, cve, epss, percentile',
  epss_metadata: 'date datetime',
  cwe_handles: 'id integer primary key, cve, cwe, source, type',
  ssvc_handles:
    'id integer primary key, cve, source, role, version, timestamp, exploitation, automatable, technical_impact',
};

/** An advisory about a package of npm, as Grype has it. */
export interface GrypeAdvisory {
  readonly id: string;
  readonly name: string;
  readonly fixed: string;
  readonly severity: string;
}

/** Makes a database of no vulnerabilities: what Grype reads of an SBOM is what is asked. */
export const emptyGrypeDatabase = (folder: string): Readonly<Record<string, string>> => grypeDatabase(folder, []);

/**
 * Makes a database of these advisories alone; without any database, Grype does not start.
 *
 * @returns the variables that make Grype take it
 */
export function grypeDatabase(folder: string, advisories: readonly GrypeAdvisory[]): Readonly<Record<string, string>> {
  const place = join(folder, '6');
  mkdirSync(place, { recursive: true });
  const database = new DatabaseSync(join(place, 'vulnerability.db'));
  for (const [name, columns] of Object.entries(TABLES)) database.exec(`create table ${name} (${columns})`);
  database.exec(`insert into db_metadata values ('2026-01-01 00:00:00+00:00', 6, 1, 10)`);
  for (const [i, advisory] of advisories.entries()) insert(database, advisory, i + 1);
  database.close();
  writeFileSync(join(place, 'import.json'), '{"digest":"xxh64:0000000000000000","client_version":"6.1.10"}');
  return {
    GRYPE_DB_CACHE_DIR: folder,
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_CHECK_FOR_APP_UPDATE: 'false',
    GRYPE_DB_VALIDATE_AGE: 'false',
    GRYPE_DB_VALIDATE_BY_HASH_ON_START: 'false',
  };
}

function insert(database: DatabaseSync, { id, name, fixed, severity }: GrypeAdvisory, number: number): void {
  const put = (sql: string, ...values: readonly (string | number)[]): void =>
    void database.prepare(`insert into ${sql}`).run(...values);
  const rated = { id, severities: [{ scheme: 'CHML', value: severity, rank: 1 }] };
  const ranges = [{ version: { type: 'semver', constraint: `<${fixed}` }, fix: { version: fixed, state: 'fixed' } }];
  put('blobs values (?, ?)', number * 2, JSON.stringify(rated));
  put('blobs values (?, ?)', number * 2 + 1, JSON.stringify({ ranges }));
  put("providers values (?, '1', 'test', '2026-01-01 00:00:00+00:00', '')", `test-${number}`);
  put(
    "vulnerability_handles values (?, ?, 'active', null, null, null, ?, ?)",
    number,
    id,
    `test-${number}`,
    number * 2,
  );
  put("packages values (?, 'npm', ?)", number, name);
  put('affected_package_handles values (?, ?, null, ?, ?)', number, number, number, number * 2 + 1);
}
