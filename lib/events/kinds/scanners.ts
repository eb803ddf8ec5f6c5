import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { subjectSchema } from '../envelope.ts';

const scannerName = z.string().min(1).max(50);

export const scanRequested = define(
  'lading.scanners',
  'Scan Requested',
  z.object({
    subject: subjectSchema,
    /** Kinds of configured scanners; absent: each that may scan the image. */
    scanners: z.array(scannerName).max(10).optional(),
    by: z.string().max(300),
  }),
  bySubject,
);

export const scannerRunsDue = define(
  'lading.scanners',
  'Scanner Runs Due',
  z.object({
    /** `time`: some are to be looked at again. `task`: a task of one has ended. */
    because: z.enum(['time', 'task']),
    scanners: z.array(scannerName).max(10),
  }),
  (data) => `${data.because} ${data.scanners.join()}`,
);

export const scannerRunEnded = define(
  'lading.scanners',
  'Scanner Run Ended',
  z.object({
    subject: subjectSchema,
    scanner: scannerName,
    /** The day whose advisories were asked for. */
    day: z.iso.date(),
    /** Only `completed` has a vote: what failed has said nothing, and never "clean". */
    state: z.enum(['completed', 'failed', 'timed-out']),
    code: z.string().optional(),
    reason: z.string().optional(),
    voter: z.string().optional(),
    findings: z.int().nonnegative().optional(),
    /** Of the SBOM that a generator made. */
    packages: z.int().nonnegative().optional(),
    outcome: z.enum(['stored', 'unchanged', 'superseded']).optional(),
  }),
  (data) => `${bySubject(data)} ${data.scanner} ${data.day} ${data.state}`,
);
