import type { Digest } from '../../lib/core/digest.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import {
  apkDatabase,
  type BuiltImage,
  buildImage,
  buildLayer,
  dpkgStatus,
  osRelease,
} from '../lib/sbom/image-builder.ts';
import { pushArtifact, pushAttestation, pushBuilt, pushIndex } from '../support/push-images.ts';
import type { TestStack } from '../support/stack.ts';

const alpineBase = buildLayer(
  [
    osRelease('alpine', '3.10.2'),
    apkDatabase(['musl', '1.1.22-r3'], ['busybox', '1.30.1-r2'], ['libcrypto1.1', '1.1.1c-r0', 'openssl']),
  ],
  'gzip',
);
const debianBase = buildLayer(
  [osRelease('debian', '12'), dpkgStatus(['libc6', '2.36-9+deb12u10'], ['zlib1g', '1:1.2.13.dfsg-1'])],
  'zstd',
);
const alpine = buildImage([alpineBase, [{ path: 'app/a.txt', content: 'alpine' }]]);
const debian = buildImage([debianBase, [{ path: 'app/d.txt', content: 'debian' }]]);
const amd64 = buildImage([alpineBase, [{ path: 'app/x', content: 'amd64' }]]);
const arm64 = buildImage([alpineBase, [{ path: 'app/x', content: 'arm64' }]], {
  os: 'linux',
  architecture: 'arm64',
  variant: 'v8',
});
const empty = buildImage([]);
export const lostImage = buildImage([alpineBase, [{ path: 'app/lost', content: 'lost' }]]);

export interface Pushed {
  readonly alpine: ImageLocation;
  readonly debian: ImageLocation;
  readonly amd64: ImageLocation;
  readonly arm64: ImageLocation;
  readonly attestation: ImageLocation;
  readonly index: ImageLocation;
  readonly artifact: ImageLocation;
  readonly empty: ImageLocation;
}

export async function pushAll({ source: { client }, location }: TestStack): Promise<Pushed> {
  const at = (repository: string, digest: Digest): ImageLocation => location(repository, digest);
  const push = async (repository: string, image: BuiltImage, tag?: string) =>
    at(repository, await pushBuilt(client, repository, image, tag));
  const parts = {
    alpine: await push('team/alpine', alpine, '3.10'),
    debian: await push('team/debian', debian, '12'),
    amd64: await push('team/multi', amd64),
    arm64: await push('team/multi', arm64),
    empty: await push('team/empty', empty, 'v1'),
  };
  const attested = await pushAttestation(client, 'team/multi', amd64);
  const children = [amd64.descriptor, arm64.descriptor, attested];
  const content = Buffer.from('weights');
  return {
    ...parts,
    attestation: at('team/multi', attested.digest),
    index: at('team/multi', await pushIndex(client, 'team/multi', children, 'v1')),
    artifact: at(
      'team/model',
      await pushArtifact(client, 'team/model', { type: 'application/vnd.example.thing', content, tag: 'v1' }),
    ),
  };
}
