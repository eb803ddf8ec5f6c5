import type { TaskKind } from '../../lib/scanners/config.ts';

/** Nothing is pulled: the program of the name stands for the image. */
const ofThisMachine = (name: string): string => `local/${name}@sha256:${'0'.repeat(64)}`;

/** The setting `scanners` for programs of this machine, which run as tasks of the local ECS. */
export const localScanners = (kinds: readonly TaskKind[]) => ({
  use: kinds.map((kind) => ({ kind, image: ofThisMachine(kind) })),
  tasks: { subnets: ['subnet-00000000'], courier: ofThisMachine('aws-cli') },
});
