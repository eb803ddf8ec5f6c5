import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

export const gateDecided = define(
  'lading.policy',
  'Gate Decided',
  z.object({
    subject: subjectSchema,
    decision: z.enum(['allow', 'deny', 'quarantine']),
    reasons: z.array(z.string()),
    warnings: z.array(z.string()),
    policy: z.object({ name: z.string(), digest: digestSchema }),
    /** Digest of the canonical inputs, under which the verdict can be replayed. */
    inputs: digestSchema,
    scan: digestSchema,
    snapshot: z.string().optional(),
  }),
  bySubject,
);

export const waiverChanged = define(
  'lading.policy',
  'Waiver Changed',
  z.object({
    /** Of a waiver; an exception of the policy, which ended, has the id `policy`. */
    waiver: z.object({
      id: z.string(),
      vulnerability: z.string(),
      /** Glob over `registry/repository`. */
      image: z.string(),
      package: z.string().optional(),
      reason: z.string(),
      author: z.string().optional(),
      until: z.iso.datetime(),
    }),
    change: z.enum(['added', 'removed', 'ended']),
    by: z.string().optional(),
  }),
  (data) => `${data.waiver.id} ${data.waiver.vulnerability} ${data.change}`,
);

export const gateInputsChanged = define(
  'lading.policy',
  'Gate Inputs Changed',
  z.object({
    subject: subjectSchema,
    /** What people or other scanners say, which the gate has to look at again. */
    cause: z.enum(['waiver', 'vex', 'vote']),
    detail: z.string(),
  }),
  (data) => `${bySubject(data)} ${data.detail}`,
);
