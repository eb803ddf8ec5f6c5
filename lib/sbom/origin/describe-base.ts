import type { Base } from '../model.ts';

/** What is known of the base image, in words that documents without a field for it can hold. */
export function describeBase(base: Base | undefined): (readonly [name: string, value: string])[] {
  if (base === undefined) return [];
  const { evidence, layers, image, name } = base;
  const all = [
    ['evidence', evidence],
    ['layers', String(layers)],
    ['image', image],
    ['name', name?.replace(/[\s\p{C}]+/gu, '_')],
  ] as const;
  return all.flatMap(([key, value]) => (value === undefined || value === '' ? [] : [[key, value] as const]));
}
