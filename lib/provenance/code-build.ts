import { z } from 'zod';
import { isDigest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { Provenance } from './model.ts';

/** "CodeBuild Build State Change" (CodeBuild user guide, "Build notifications input format reference"). */
const buildSchema = z.object({
  'build-status': z.string(),
  'project-name': z.string(),
  'build-id': z.string(),
  'additional-information': z.object({
    environment: z
      .object({
        image: z.string(),
        type: z.string().optional(),
        'compute-type': z.string().optional(),
        'privileged-mode': z.boolean().optional(),
        'image-pull-credentials-type': z.string().optional(),
      })
      .optional(),
    source: z.object({ location: z.string().optional(), type: z.string() }).optional(),
    'source-version': z.string().optional(),
    initiator: z.string().optional(),
    'build-start-time': z.string().optional(),
  }),
});
export type CodeBuildDetail = z.infer<typeof buildSchema>;

/** `undefined` for builds that did not succeed. */
export function readCodeBuild(
  detail: unknown,
): { readonly buildId: string; readonly detail: CodeBuildDetail } | undefined {
  const parsed = buildSchema.safeParse(detail);
  if (!parsed.success || parsed.data['build-status'] !== 'SUCCEEDED') return undefined;
  const buildId = parsed.data['build-id'].split(':').at(-1) ?? '';
  return buildId === '' ? undefined : { buildId, detail: parsed.data };
}

/** CloudTrail's record of PutImage, as EventBridge tells it ("AWS API Call via CloudTrail"). */
const pushSchema = z.object({
  eventName: z.literal('PutImage'),
  awsRegion: z.string(),
  errorCode: z.string().optional(),
  userIdentity: z.object({ arn: z.string().optional() }),
  responseElements: z.object({
    image: z.object({
      registryId: z.string(),
      repositoryName: z.string(),
      imageId: z.object({ imageDigest: z.string() }),
    }),
  }),
});

export interface RecordedPush {
  readonly image: ImageLocation;
  /** ARN of who pushed. */
  readonly pusher: string;
  /** The build whose role session it was: CodeBuild names sessions `AWSCodeBuild-<id of the build>`. */
  readonly buildId: string | undefined;
}

export function readRecordedPush(detail: unknown): RecordedPush | undefined {
  const parsed = pushSchema.safeParse(detail);
  if (!parsed.success || parsed.data.errorCode !== undefined) return undefined;
  const { awsRegion, userIdentity, responseElements } = parsed.data;
  const { registryId, repositoryName, imageId } = responseElements.image;
  if (!isDigest(imageId.imageDigest)) return undefined;
  const suffix = awsRegion.startsWith('cn-') ? '.cn' : '';
  const registry = `${registryId}.dkr.ecr.${awsRegion}.amazonaws.com${suffix}`;
  const pusher = userIdentity.arn ?? '';
  const buildId = /^arn:aws[a-z-]*:sts::\d+:assumed-role\/[^/]+\/AWSCodeBuild-([0-9a-f-]{36})$/.exec(pusher)?.[1];
  return { image: { registry, repository: repositoryName, digest: imageId.imageDigest }, pusher, buildId };
}

/** SLSA provenance v1 of what CodeBuild tells of a build. Nothing of it was written by the build itself. */
export function fromCodeBuild(detail: CodeBuildDetail): Provenance {
  const buildId = detail['build-id'];
  const more = detail['additional-information'];
  const project = buildId.replace(/:build\/([^:]+):.*$/, ':project/$1');
  const { location, type = 'NO_SOURCE' } = more.source ?? {};
  const version = more['source-version'];
  const commit = version !== undefined && /^[a-f0-9]{40}$/.test(version) ? version : undefined;
  const scheme = type === 'S3' ? 's3://' : /^https?:/.test(location ?? '') ? 'git+' : '';
  const source = location === undefined ? undefined : `${scheme}${location}${version ? `@${version}` : ''}`;
  const image = more.environment?.image;
  const dependencies = [
    ...(source === undefined ? [] : [{ uri: source, ...(commit ? { digest: { gitCommit: commit } } : {}) }]),
    ...(image === undefined ? [] : [{ uri: `docker://${image}`, name: 'build environment' }]),
  ];
  const predicate = {
    buildDefinition: {
      buildType: 'urn:lading:buildtype:codebuild:v1',
      externalParameters: { project, source: { type, location }, sourceVersion: version, initiator: more.initiator },
      internalParameters: { environment: more.environment },
      resolvedDependencies: dependencies,
    },
    runDetails: { builder: { id: project }, metadata: { invocationId: buildId } },
  };
  return {
    predicate,
    builder: project,
    buildType: predicate.buildDefinition.buildType,
    materials: dependencies.map(({ uri }, i) => ({
      uri,
      ...(i === 0 && commit ? { digest: `gitCommit:${commit}` } : {}),
    })),
    authenticity: 'platform',
    hosted: true,
    source: 'CodeBuild',
  };
}
