/**
 * Reports as each tool documents them, about one made-up image with one vulnerability in OpenSSL and one in an npm
 * package. Sources of the forms: trivy `pkg/types/report.go`; grype `grype/presenter/models`; quay/claircore
 * `vulnerabilityreport.go`; SARIF 2.1.0 with the rule properties that `docker scout cves --format sarif` writes; Snyk
 * CLI documentation ("snyk container test --json"); ECR API reference, "DescribeImageScanFindings"; Inspector2 user
 * guide, "EventBridge schema"; Harbor's pluggable scanner API 1.1.
 */
export const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

export const trivy = {
  SchemaVersion: 2,
  CreatedAt: '2026-05-01T10:00:00.5+02:00',
  ArtifactName: 'registry.example/app:1',
  ArtifactType: 'container_image',
  Metadata: { ImageID: 'sha256:config', RepoDigests: [`registry.example/app@${DIGEST}`] },
  Results: [
    {
      Target: 'registry.example/app:1 (debian 12.5)',
      Class: 'os-pkgs',
      Type: 'debian',
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2026-1001',
          VendorIDs: ['DSA-1-1'],
          PkgID: 'libssl3@3.0.1-1',
          PkgName: 'libssl3',
          PkgIdentifier: { PURL: 'pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12.5' },
          InstalledVersion: '3.0.1-1',
          FixedVersion: '3.0.2-1',
          Status: 'fixed',
          Layer: { Digest: 'sha256:layer', DiffID: 'sha256:diff' },
          SeveritySource: 'debian',
          Severity: 'HIGH',
          CVSS: { nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', V3Score: 7.5 } },
        },
      ],
    },
    {
      Target: 'Node.js',
      Class: 'lang-pkgs',
      Type: 'node-pkg',
      Vulnerabilities: [
        {
          VulnerabilityID: 'GHSA-aaaa-bbbb-cccc',
          PkgName: '@scope/left',
          PkgPath: 'app/node_modules/@scope/left/package.json',
          PkgIdentifier: { PURL: 'pkg:npm/%40scope/left@1.0.0' },
          InstalledVersion: '1.0.0',
          Status: 'affected',
          Severity: 'LOW',
        },
      ],
    },
    { Target: 'nothing here' },
  ],
};

export const grype = {
  matches: [
    {
      vulnerability: {
        id: 'CVE-2026-1001',
        namespace: 'debian:distro:debian:12',
        severity: 'Medium',
        cvss: [{ version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', metrics: { baseScore: 7.5 } }],
        fix: { versions: ['3.0.2-1'], state: 'fixed' },
      },
      relatedVulnerabilities: [],
      artifact: {
        name: 'libssl3',
        version: '3.0.1-1',
        type: 'deb',
        purl: 'pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12',
        locations: [{ path: '/var/lib/dpkg/status', layerID: 'sha256:layer' }],
      },
    },
    {
      vulnerability: { id: 'GHSA-aaaa-bbbb-cccc', severity: 'Low', fix: { versions: [], state: 'wont-fix' } },
      relatedVulnerabilities: [{ id: 'CVE-2026-1002' }],
      artifact: { name: '@scope/left', version: '1.0.0', type: 'npm', purl: 'pkg:npm/%40scope/left@1.0.0' },
    },
  ],
  source: { type: 'image', target: { userInput: 'registry.example/app:1', manifestDigest: DIGEST, repoDigests: [] } },
  descriptor: {
    name: 'grype',
    version: '0.100.0',
    timestamp: '2026-05-01T08:00:00Z',
    db: { status: { schemaVersion: 'v6.0.2', built: '2026-04-30T06:00:00Z', valid: true } },
  },
};

export const clair = {
  manifest_hash: DIGEST,
  packages: {
    10: { id: '10', name: 'libssl3', version: '3.0.1-1', kind: 'binary', source: { id: '9', name: 'openssl' } },
  },
  distributions: { 1: { id: '1', did: 'debian', name: 'Debian GNU/Linux', version_id: '12' } },
  environments: { 10: [{ package_db: 'var/lib/dpkg/status', introduced_in: 'sha256:layer', distribution_id: '1' }] },
  vulnerabilities: {
    356835: {
      id: '356835',
      updater: 'debian/updater',
      name: 'CVE-2026-1001 on Debian 12',
      severity: 'high',
      normalized_severity: 'High',
      fixed_in_version: '3.0.2-1',
    },
  },
  package_vulnerabilities: { 10: ['356835', 'unknown'] },
};

export const scout = {
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'docker scout',
          version: '1.20.0',
          rules: [
            {
              id: 'CVE-2026-1001',
              properties: {
                affected_version: '<3.0.2-1',
                fixed_version: '3.0.2-1',
                purls: ['pkg:deb/debian/openssl@3.0.1-1?os_distro=bookworm'],
                cvssV3: 7.5,
                cvssV3_severity: 'HIGH',
                'security-severity': '7.5',
              },
            },
            {
              id: 'CVE-2026-1002',
              properties: {
                fixed_version: 'not fixed',
                purls: ['pkg:npm/%40scope/left@1.0.0'],
                'security-severity': '3.1',
              },
            },
          ],
        },
      },
      results: [
        {
          ruleId: 'CVE-2026-1001',
          ruleIndex: 0,
          kind: 'fail',
          level: 'error',
          message: { text: 'it is vulnerable' },
          locations: [],
        },
        { ruleId: 'CVE-2026-1002', ruleIndex: 1, level: 'note', message: { text: 'so is this' }, locations: [] },
        {
          ruleId: 'CVE-2026-1001',
          ruleIndex: 0,
          level: 'error',
          suppressions: [{ kind: 'external' }],
          message: { text: 'x' },
        },
      ],
    },
  ],
};

export const snyk = {
  ok: false,
  packageManager: 'deb',
  path: `registry.example/app@${DIGEST}`,
  docker: { baseImage: 'debian:12' },
  vulnerabilities: [1, 2].map(() => ({
    id: 'SNYK-DEBIAN12-OPENSSL-1',
    identifiers: { CVE: ['CVE-2026-1001'], CWE: ['CWE-400'] },
    packageName: 'openssl/libssl3',
    name: 'openssl/libssl3',
    version: '3.0.1-1',
    severity: 'high',
    cvssScore: 7.5,
    CVSSv3: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H',
    nearestFixedInVersion: '3.0.2-1',
  })),
  applications: [
    {
      packageManager: 'npm',
      displayTargetFile: '/app/package.json',
      vulnerabilities: [
        {
          id: 'SNYK-JS-LEFT-1',
          identifiers: { CVE: [], GHSA: ['GHSA-aaaa-bbbb-cccc'] },
          packageName: '@scope/left',
          version: '1.0.0',
          severity: 'low',
        },
      ],
    },
  ],
};

export const ecrBasic = {
  registryId: '000000000000',
  repositoryName: 'app',
  imageId: { imageDigest: DIGEST, imageTag: '1' },
  imageScanStatus: { status: 'COMPLETE' },
  imageScanFindings: {
    imageScanCompletedAt: 1_777_622_400,
    vulnerabilitySourceUpdatedAt: '2026-04-30T23:00:00+00:00',
    findingSeverityCounts: { HIGH: 1 },
    findings: [
      {
        name: 'CVE-2026-1001',
        uri: 'https://security-tracker.example/CVE-2026-1001',
        severity: 'HIGH',
        attributes: [
          { key: 'package_version', value: '3.0.1-1' },
          { key: 'package_name', value: 'openssl' },
          { key: 'CVSS2_VECTOR', value: 'AV:N/AC:L/Au:N/C:N/I:N/A:P' },
          { key: 'CVSS2_SCORE', value: '5' },
        ],
      },
    ],
  },
};

const inspectorDetail = (status: string) => ({
  findingArn: 'arn:aws:inspector2:eu-central-1:000000000000:finding/1',
  type: 'PACKAGE_VULNERABILITY',
  severity: 'HIGH',
  status,
  updatedAt: '2026-05-01T08:00:00Z',
  packageVulnerabilityDetails: {
    vulnerabilityId: 'CVE-2026-1001',
    relatedVulnerabilities: [],
    cvss: [
      { baseScore: 7.5, scoringVector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', version: '3.1', source: 'NVD' },
    ],
    vulnerablePackages: [
      {
        name: 'libssl3',
        version: '3.0.1',
        release: '1',
        epoch: 0,
        arch: 'AMD64',
        packageManager: 'OS',
        fixedInVersion: '0:3.0.2-1',
        sourceLayerHash: 'sha256:layer',
      },
    ],
  },
  resources: [
    {
      type: 'AWS_ECR_CONTAINER_IMAGE',
      details: {
        awsEcrContainerImage: { repositoryName: 'app', imageHash: DIGEST, imageTags: ['1'], registry: '000000000000' },
      },
    },
  ],
});

export const inspector = [
  { 'detail-type': 'Inspector2 Finding', source: 'aws.inspector2', detail: inspectorDetail('ACTIVE') },
  { 'detail-type': 'Inspector2 Finding', source: 'aws.inspector2', detail: inspectorDetail('CLOSED') },
];

export const ecrEnhanced = {
  ...ecrBasic,
  imageScanFindings: {
    imageScanCompletedAt: new Date('2026-05-01T08:00:00Z'),
    enhancedFindings: [inspectorDetail('ACTIVE')],
  },
};

export const harbor = {
  'application/vnd.security.vulnerability.report; version=1.1': {
    generated_at: '2026-05-01T08:00:00Z',
    artifact: { repository: 'library/app', digest: DIGEST },
    scanner: { name: 'Trivy', vendor: 'Aqua Security', version: 'v0.60.0' },
    severity: 'High',
    vulnerabilities: [
      {
        id: 'CVE-2026-1001',
        package: 'libssl3',
        version: '3.0.1-1',
        fix_version: '3.0.2-1',
        severity: 'High',
        preferred_cvss: { score_v3: 7.5, score_v2: null, vector_v3: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' },
        artifact_digests: [DIGEST],
      },
    ],
  },
};
