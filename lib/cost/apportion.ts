/**
 * Divides a whole number in proportion to shares, so that the parts add up to it: each gets what is whole of its part,
 * and the rest goes by one to those who lost most by that (largest remainder; of equals, the first).
 */
export function apportion(total: bigint, shares: readonly bigint[]): readonly bigint[] {
  const sum = shares.reduce((a, b) => a + b, 0n);
  if (sum === 0n) return shares.map(() => 0n);
  const parts = shares.map((share, i) => {
    const exact = total * share;
    return { i, whole: exact / sum, rest: exact % sum };
  });
  let left = total - parts.reduce((a, { whole }) => a + whole, 0n);
  const result = parts.map(({ whole }) => whole);
  for (const { i } of parts.toSorted((a, b) => (a.rest > b.rest ? -1 : a.rest < b.rest ? 1 : a.i - b.i))) {
    if (left <= 0n) break;
    result[i] = (result[i] ?? 0n) + 1n;
    left -= 1n;
  }
  return result;
}
