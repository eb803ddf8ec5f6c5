import type { PacedRequest } from '../http/pacer.ts';

/**
 * Requests a second that an account and region may send, by default (ECR user guide, "Amazon ECR service quotas"). The
 * distribution API counts as the action that it stands for.
 */
const PER_SECOND = {
  PutImage: 10,
  InitiateLayerUpload: 100,
  CompleteLayerUpload: 100,
  UploadLayerPart: 500,
  BatchCheckLayerAvailability: 1_000,
  BatchGetImage: 2_000,
  GetDownloadUrlForLayer: 3_000,
} as const;

export function ecrQuotaOf(request: PacedRequest): { readonly action: string; readonly perSecond: number } | undefined {
  const action = actionOf(request);
  return action && { action, perSecond: PER_SECOND[action] };
}

function actionOf({ method, path }: PacedRequest): keyof typeof PER_SECOND | undefined {
  if (path.includes('/manifests/')) {
    if (method === 'PUT') return 'PutImage';
    return method === 'GET' || method === 'HEAD' ? 'BatchGetImage' : undefined;
  }
  if (path.includes('/blobs/uploads/')) {
    if (method === 'POST') return 'InitiateLayerUpload';
    if (method === 'PATCH') return 'UploadLayerPart';
    return method === 'PUT' ? 'CompleteLayerUpload' : undefined;
  }
  if (!path.includes('/blobs/')) return undefined;
  if (method === 'HEAD') return 'BatchCheckLayerAvailability';
  return method === 'GET' ? 'GetDownloadUrlForLayer' : undefined;
}
