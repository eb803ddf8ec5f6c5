import { mkdir, readFile, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { writeFileAtomic } from '../services/state/atomic-file.ts';
import { lockFolder } from '../services/state/folder-lock.ts';
import type { ProvisionedResource } from '../template/provision.ts';

/** Less than this does not hold one image and what is made of it. */
const MIN_FREE_BYTES = 128 * 1024 * 1024;

const recorded = z.array(
  z.object({ stackName: z.string(), logicalId: z.string(), type: z.string(), physicalId: z.string() }),
);

/** Resources that hold data: one that leaves the template stays in the folder. */
const KEEPS_DATA: ReadonlySet<string> = new Set([
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::ECR::Repository',
]);

/** The data folder of a stack, held for this process. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  readonly notes: readonly string[];
  /** Writes down what was provisioned, and notes what was there before and is no more. */
  record(resources: readonly ProvisionedResource[]): Promise<void>;
  release(): Promise<void>;
}

/** @throws LadingError `folder-in-use`, `folder-unusable` or `no-space` */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LadingError('folder-unusable', `the data folder ${path} cannot be made`, {
      cause: error,
      hint: 'choose another folder',
    });
  }
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize < MIN_FREE_BYTES) {
    throw new LadingError('no-space', `there is no space left for the data folder ${path}`, {
      hint: `free at least ${MIN_FREE_BYTES / 1024 / 1024} MiB, or choose another folder`,
    });
  }
  const lock = await lockFolder(path);
  const notes: string[] = [];
  const file = join(path, 'resources.json');
  return {
    path,
    notes,
    record: async (resources) => {
      const now = new Set(resources.map(({ physicalId }) => physicalId));
      for (const { physicalId, type } of await readRecord(file)) {
        if (KEEPS_DATA.has(type) && !now.has(physicalId)) {
          notes.push(`${physicalId} (${type}) is in the data folder and no more in the template`);
        }
      }
      await writeFileAtomic(file, JSON.stringify(resources, null, 1));
    },
    release: () => lock.release(),
  };
}

async function readRecord(file: string): Promise<z.infer<typeof recorded>> {
  const text = await readFile(file, 'utf8').catch(() => '[]');
  try {
    return recorded.parse(JSON.parse(text));
  } catch {
    return []; // only notes are made of it
  }
}
