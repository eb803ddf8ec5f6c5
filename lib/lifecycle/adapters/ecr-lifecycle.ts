import {
  type ECRClient,
  GetLifecyclePolicyCommand,
  GetLifecyclePolicyPreviewCommand,
  PutLifecyclePolicyCommand,
  StartLifecyclePolicyPreviewCommand,
} from '@aws-sdk/client-ecr';
import { type Digest, isDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { NativeRules } from '../native/ports.ts';

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
/** A preview of a repository with 100,000 images takes minutes. */
const MOST_LOOKS = 120;

/**
 * Lifecycle policies of ECR (API reference, "PutLifecyclePolicy", "StartLifecyclePolicyPreview").
 *
 * @param pause between two looks at a preview
 */
export function ecrLifecycle(client: ECRClient, account: string, pause: () => Promise<void>): NativeRules {
  const at = (repositoryName: string) => ({ registryId: account, repositoryName });
  const results = async (repositoryName: string): Promise<readonly Digest[]> => {
    const digests = new Set<Digest>();
    let nextToken: string | undefined;
    for (let look = 0; look < MOST_LOOKS; ) {
      const command = new GetLifecyclePolicyPreviewCommand({ ...at(repositoryName), nextToken, maxResults: 100 });
      const page = await client.send(command);
      if (page.status === 'IN_PROGRESS') {
        look++;
        await pause();
        continue;
      }
      if (page.status !== 'COMPLETE') break;
      for (const { imageDigest } of page.previewResults ?? []) if (isDigest(imageDigest)) digests.add(imageDigest);
      nextToken = page.nextToken;
      if (nextToken === undefined) return [...digests];
    }
    throw new LadingError('preview-failed', `ECR made no preview of the rules for ${repositoryName}`, {
      retryable: true,
    });
  };
  return {
    async read(repositoryName) {
      try {
        const { lifecyclePolicyText } = await client.send(new GetLifecyclePolicyCommand(at(repositoryName)));
        return lifecyclePolicyText && parseJsonStrict(lifecyclePolicyText, { what: `the rules of ${repositoryName}` });
      } catch (error) {
        if (isNamed(error, 'LifecyclePolicyNotFoundException')) return undefined;
        throw error;
      }
    },
    async preview(repositoryName, document) {
      const lifecyclePolicyText = JSON.stringify(document);
      await client.send(new StartLifecyclePolicyPreviewCommand({ ...at(repositoryName), lifecyclePolicyText }));
      return await results(repositoryName);
    },
    async put(repositoryName, document) {
      const lifecyclePolicyText = JSON.stringify(document);
      await client.send(new PutLifecyclePolicyCommand({ ...at(repositoryName), lifecyclePolicyText }));
    },
  };
}
