import { z } from 'zod';

/**
 * An AdmissionReview of admission.k8s.io/v1 as the API server sends it. The object is a stranger's and is looked into
 * only where containers are.
 */
export const admissionReviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(200),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
    resource: z.object({ group: z.string(), version: z.string(), resource: z.string() }).optional(),
    subResource: z.string().optional(),
    name: z.string().optional(),
    namespace: z.string().optional(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: z.unknown().optional(),
    dryRun: z.boolean().optional(),
  }),
});
export type AdmissionRequest = z.infer<typeof admissionReviewSchema>['request'];

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

export interface AdmissionAnswer {
  readonly allowed: boolean;
  /** Why not, for people. */
  readonly message?: string;
  readonly warnings: readonly string[];
  readonly patch: readonly PatchOperation[];
}

/** An image that a workload names, and where in its object. */
export interface NamedImage {
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly image: string;
}
