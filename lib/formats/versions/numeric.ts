import { compareDigits, defineScheme, type VersionOrder } from './scheme.ts';

/** Numbers only; of two versions that agree as far as the shorter goes, the longer one is newer. */
function compareNumberLists(a: readonly string[], b: readonly string[]): VersionOrder {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareDigits(a[i] as string, b[i] as string);
    if (order !== 0) return order;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}

/** R: `package_version`, numbers separated by `.` or `-`. */
export const cranScheme = defineScheme(
  'cran',
  (text) => (/^\d+(?:[.-]\d+)*$/.test(text) ? text.split(/[.-]/) : undefined),
  compareNumberLists,
);

/** Haskell: the Package Versioning Policy's lexicographic order of the numbers (`Data.Version`). */
export const hackageScheme = defineScheme(
  'hackage',
  (text) => (/^\d+(?:\.\d+)*$/.test(text) ? text.split('.') : undefined),
  compareNumberLists,
);
