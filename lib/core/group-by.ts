/** Groups items under a key, in their order. `Map.groupBy` for keys and values that are told apart. */
export function groupBy<T, K, V>(
  items: Iterable<T>,
  key: (item: T) => K | undefined,
  value: (item: T) => V,
): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const k = key(item);
    if (k === undefined) continue;
    const group = groups.get(k);
    if (group) group.push(value(item));
    else groups.set(k, [value(item)]);
  }
  return groups;
}
