export type { KeySets } from './ports.ts';
