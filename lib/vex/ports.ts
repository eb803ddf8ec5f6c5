import type { VexRecord } from './model.ts';

/** VEX documents that were taken in, by repository: the newest of each id. */
export interface VexStore {
  put(record: VexRecord): Promise<'stored' | 'unchanged'>;
  of(at: { readonly registry: string; readonly repository: string }): Promise<readonly VexRecord[]>;
}
