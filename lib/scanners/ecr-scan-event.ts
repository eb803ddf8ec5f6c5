import { z } from 'zod';
import { isDigest } from '../core/digest.ts';
import { type ImageLocation, isRepositoryName } from '../core/image-reference.ts';
import type { EventBridgeEvent } from '../events/index.ts';
import { type TaskKind, taskKinds } from './config.ts';

/** Under what name tasks are started, and told apart by. */
export const STARTED_BY = 'lading-scanners';

/**
 * EventBridge patterns of scans that came to an end: ECR's own (user guide, "Sample events": "ECR Image Scan") and
 * Inspector's (user guide, "EventBridge schema": "Inspector2 Scan"). Both only tell that there is something to fetch.
 */
export const scanEventPattern = {
  $or: [
    {
      source: ['aws.ecr', 'aws.inspector2'],
      'detail-type': ['ECR Image Scan', 'Inspector2 Scan', 'Inspector2 Finding'],
    },
    // Container tasks of ours that ended (ECS developer guide, "Task state change events").
    {
      source: ['aws.ecs'],
      'detail-type': ['ECS Task State Change'],
      detail: { lastStatus: ['STOPPED'], startedBy: [STARTED_BY] },
    },
  ],
} as const;

const taskDetail = z.object({ group: z.string().max(300), startedBy: z.literal(STARTED_BY) });

/** Kind of the scanner whose task has ended; `undefined` where the event is about something else. */
export function scannerOfTask(event: EventBridgeEvent): TaskKind | undefined {
  if (event['detail-type'] !== 'ECS Task State Change') return undefined;
  const family = taskDetail.safeParse(event.detail).data?.group.replace(/^family:/, '');
  return taskKinds.find((kind) => family?.endsWith(`-scan-${kind}`));
}

const scanDetail = z.object({
  'repository-name': z.string(),
  'image-digest': z.string(),
  'scan-status': z.string(),
});
/** A finding of Inspector that came or went between scans. */
const findingDetail = z.object({
  resources: z.array(
    z.object({
      details: z.object({ awsEcrContainerImage: z.object({ repositoryName: z.string(), imageHash: z.string() }) }),
    }),
  ),
});

/** The image whose findings are to be fetched; `undefined` where the event is about something else, or no success. */
export function scannedImage(
  event: EventBridgeEvent,
  hostOf: (account: string, region: string) => string,
): ImageLocation | undefined {
  const { account, region } = event;
  const told = event['detail-type'] === 'Inspector2 Finding' ? ofFinding(event.detail) : ofScan(event.detail);
  if (!told || !account || !region) return undefined;
  // Inspector names the repository by its ARN, and may have it in another account than the event's.
  const arn = /^arn:[a-z-]+:ecr:([a-z0-9-]+):(\d{12}):repository\/(.+)$/.exec(told.repository);
  const registry = arn ? hostOf(arn[2] as string, arn[1] as string) : hostOf(account, region);
  const repository = arn?.[3] ?? told.repository;
  if (!isRepositoryName(repository) || !isDigest(told.digest)) return undefined;
  return { registry, repository, digest: told.digest };
}

function ofScan(detail: unknown): { readonly repository: string; readonly digest: string } | undefined {
  const told = scanDetail.safeParse(detail).data;
  if (!told || !/^(?:COMPLETE|INITIAL_SCAN_COMPLETE|ACTIVE)$/.test(told['scan-status'])) return undefined;
  return { repository: told['repository-name'], digest: told['image-digest'] };
}

function ofFinding(detail: unknown): { readonly repository: string; readonly digest: string } | undefined {
  const [resource] = findingDetail.safeParse(detail).data?.resources ?? [];
  const image = resource?.details.awsEcrContainerImage;
  return image && { repository: image.repositoryName, digest: image.imageHash };
}
