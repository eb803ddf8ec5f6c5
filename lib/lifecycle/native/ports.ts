import type { Digest } from '../../core/digest.ts';

/** The cleanup rules that a registry carries out by itself, of one repository or project. */
export interface NativeRules {
  /** As they are in force; undefined where there are none. */
  read(of: string): Promise<unknown>;
  /** What a document would take now, by the registry's own word; only where it can tell. */
  readonly preview?: (of: string, document: unknown) => Promise<readonly Digest[]>;
  put(of: string, document: unknown): Promise<void>;
}
