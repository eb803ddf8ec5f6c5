import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { provenanceRecorded } from '../../../lib/events/index.ts';
import { deriveLevel } from '../../../lib/provenance/derive-level.ts';
import {
  findBuildkitProvenance,
  fromCodeBuild,
  provenanceConfigSchema,
  readCodeBuild,
  readRecordedPush,
  recordProvenance,
} from '../../../lib/provenance/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { apkDatabase, buildImage, osRelease } from '../sbom/image-builder.ts';
import { recordPorts, SHA } from './support.ts';

const BUILD = '8745a7a9-c340-456a-9166-edf953571bee';

/** CodeBuild's own example of a notification (user guide, "Build notifications input format reference"), shortened. */
const build = (given: object = {}, more: object = {}) => ({
  'build-status': 'SUCCEEDED',
  'project-name': 'my-sample-project',
  'build-id': `arn:aws:codebuild:us-west-2:123456789012:build/my-sample-project:${BUILD}`,
  'additional-information': {
    environment: {
      image: 'aws/codebuild/standard:5.0',
      'privileged-mode': false,
      'compute-type': 'BUILD_GENERAL1_SMALL',
      type: 'LINUX_CONTAINER',
      'environment-variables': [],
    },
    'timeout-in-minutes': 60,
    'build-complete': true,
    initiator: 'MyCodeBuildDemoUser',
    'build-start-time': 'Sep 1, 2017 4:12:29 PM',
    source: { location: 'https://github.com/octo-org/octo-repo.git', type: 'GITHUB' },
    'source-version': SHA,
    ...more,
  },
  ...given,
});

const push = (arn: string, given: object = {}) => ({
  eventVersion: '1.08',
  eventSource: 'ecr.amazonaws.com',
  eventName: 'PutImage',
  awsRegion: 'us-west-2',
  userIdentity: { type: 'AssumedRole', arn },
  requestParameters: { repositoryName: 'team/app', imageTag: 'latest', registryId: '123456789012' },
  responseElements: {
    image: {
      repositoryName: 'team/app',
      imageManifest: '{}',
      registryId: '123456789012',
      imageId: { imageDigest: digestOf('image'), imageTag: 'latest' },
    },
  },
  ...given,
});

describe('a build of CodeBuild', () => {
  it('is provenance of its project, with source, environment and builder', async () => {
    const read = readCodeBuild(build());
    expect(read?.buildId).toBe(BUILD);
    const provenance = fromCodeBuild(read?.detail ?? (build() as never));
    expect(provenance).toMatchObject({
      builder: 'arn:aws:codebuild:us-west-2:123456789012:project/my-sample-project',
      materials: [
        { uri: `git+https://github.com/octo-org/octo-repo.git@${SHA}`, digest: `gitCommit:${SHA}` },
        { uri: 'docker://aws/codebuild/standard:5.0' },
      ],
      hosted: true,
    });
    const ports = recordPorts();
    const image = { registry: 'r.example', repository: 'team/app', digest: digestOf('image') };
    const settings = {
      config: provenanceConfigSchema.parse({}),
      pusher: { answer: 'yes', reason: 'by its session' },
    } as const;
    const first = await recordProvenance(ports, image, provenance, settings);
    expect(provenanceRecorded.data.parse(first.data)).toMatchObject({ level: 2, pushedByBuilder: 'yes' });
    expect(await recordProvenance(ports, image, provenance, settings)).toEqual(first);
    expect(await ports.materials.of(image)).toHaveLength(1);
  });

  it('tells nothing when it failed, or is no build', () => {
    expect(readCodeBuild(build({ 'build-status': 'FAILED' }))).toBeUndefined();
    expect(readCodeBuild({ anything: 'else' })).toBeUndefined();
  });

  it('is who pushed an image, where the session of the push is its own', () => {
    const own = `arn:aws:sts::123456789012:assumed-role/codebuild-role/AWSCodeBuild-${BUILD}`;
    expect(readRecordedPush(push(own))).toEqual({
      image: {
        registry: '123456789012.dkr.ecr.us-west-2.amazonaws.com',
        repository: 'team/app',
        digest: digestOf('image'),
      },
      pusher: own,
      buildId: BUILD,
    });
    for (const arn of [
      'arn:aws:iam::123456789012:user/someone',
      `arn:aws:iam::123456789012:user/AWSCodeBuild-${BUILD}`,
      `arn:aws:sts::123456789012:assumed-role/role/xAWSCodeBuild-${BUILD}`,
    ])
      expect(readRecordedPush(push(arn))?.buildId).toBeUndefined();
    expect(readRecordedPush(push(own, { errorCode: 'ImageAlreadyExistsException' }))).toBeUndefined();
    expect(readRecordedPush(push(own, { eventName: 'BatchGetImage' }))).toBeUndefined();
  });
});

describe('the level of provenance', () => {
  const claims = { builder: 'https://ci.example/one', buildType: 't', authenticity: 'token', hosted: true } as const;
  it.each([
    [3, claims, ['https://ci.example/*']],
    [2, claims, []],
    [2, claims, ['https://ci.example']],
    [1, { ...claims, hosted: false }, ['https://ci.example/*']],
    [1, { ...claims, authenticity: 'unsigned' }, ['https://ci.example/*']],
    [0, { ...claims, builder: '' }, ['**']],
  ] as const)('is %s, and says why', (level, provenance, isolated) => {
    const derived = deriveLevel(provenance, isolated);
    expect(derived.level).toBe(level);
    expect(derived.reasons.length).toBeGreaterThan(0);
  });
});

describe('provenance in an index', () => {
  const image = buildImage([[osRelease('alpine', '3.20'), apkDatabase(['musl', '1'])]]);
  const statement = (about: string, predicate: unknown) => ({
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    subject: [{ name: 'app', digest: { sha256: about.slice(7) } }],
    predicate,
  });
  const predicate = {
    builder: { id: 'https://github.com/octo-org/octo-repo/actions/runs/1' },
    buildType: 'https://mobyproject.org/buildkit@v1',
    materials: [{ uri: 'pkg:docker/alpine@3.20?platform=linux%2Famd64', digest: { sha256: 'c'.repeat(64) } }],
    invocation: {},
  };

  async function indexWith(content: unknown, about = image.descriptor.digest) {
    const registry = createMemoryRegistry();
    const repository = 'team/app';
    await pushBuilt(registry, repository, image);
    const layer = Buffer.from(JSON.stringify(content));
    const config = Buffer.from('{"os":"unknown","architecture":"unknown","rootfs":{"type":"layers","diff_ids":[]}}');
    for (const bytes of [layer, config])
      await registry.putBlob({ repository, digest: digestOf(bytes), size: bytes.length, content: bytes });
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: digestOf(config),
          size: config.length,
        },
        layers: [
          {
            mediaType: 'application/vnd.in-toto+json',
            digest: digestOf(layer),
            size: layer.length,
            annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
          },
        ],
      }),
    );
    await registry.putManifest({ repository, reference: digestOf(manifest), mediaType, bytes: manifest });
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [
          image.descriptor,
          {
            mediaType,
            digest: digestOf(manifest),
            size: manifest.length,
            annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': about },
            platform: { os: 'unknown', architecture: 'unknown' },
          },
        ],
      }),
    );
    const type = 'application/vnd.oci.image.index.v1+json';
    await registry.putManifest({ repository, reference: 'latest', mediaType: type, bytes: index });
    return findBuildkitProvenance(registry, { registry: registry.host, repository, digest: digestOf(index) });
  }

  it('is found for the image that it is about, and worth level 1 since nobody signed it', async () => {
    const [found, ...more] = await indexWith(statement(image.descriptor.digest, predicate));
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      image: { digest: image.descriptor.digest },
      provenance: {
        builder: predicate.builder.id,
        authenticity: 'unsigned',
        materials: [{ uri: predicate.materials[0]?.uri, digest: `sha256:${'c'.repeat(64)}` }],
      },
    });
    expect(deriveLevel(found?.provenance ?? ({} as never), ['**']).level).toBe(1);
    const ports = recordPorts();
    const settings = { config: provenanceConfigSchema.parse({}) };
    if (found) await recordProvenance(ports, found.image, found.provenance, settings);
    // Kept and told of, and not said again under our key.
    expect(await ports.materials.of(found?.image ?? ({} as never))).toEqual([]);
    expect(ports.lineage.rows.size).toBe(1);
  });

  it('is left out when it is about another image, or is none', async () => {
    expect(await indexWith(statement(digestOf('another'), predicate))).toEqual([]);
    expect(await indexWith(statement(image.descriptor.digest, predicate), digestOf('another'))).toEqual([]);
    expect(await indexWith(statement(image.descriptor.digest, {}))).toEqual([]);
    expect(await indexWith('no statement')).toEqual([]);
  });
});
