const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `28.1 MiB` */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Reads `50GiB`, `1.5 TiB`, `4096B`, in bytes; `undefined` for what is no size. */
export function parseBytes(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]iB|B)$/.exec(text) ?? [];
  const power = units.findIndex((one) => one === unit);
  return power < 0 ? undefined : Math.round(Number(number) * 1024 ** power);
}

/** `1 layer`, `2 layers` */
export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
