export interface Tile<T> {
  readonly item: T;
  /** Per cent of the picture's width and height. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Areas in proportion to sizes, as square as they can be (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000).
 * Every item with a size over 0 gets one; together they fill the picture.
 *
 * @param aspect width of the picture by its height
 */
export function squarify<T>(items: readonly T[], sizeOf: (item: T) => number, aspect: number): readonly Tile<T>[] {
  const sized = items
    .map((item) => ({ item, size: sizeOf(item) }))
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size);
  const total = sized.reduce((sum, { size }) => sum + size, 0);
  const area = { x: 0, y: 0, width: aspect * 100, height: 100 };
  const scale = (area.width * area.height) / total;
  const tiles: Tile<T>[] = [];
  let rest = sized.map(({ item, size }) => ({ item, size: size * scale }));
  while (rest.length > 0) {
    const side = Math.min(area.width, area.height);
    let count = 1;
    while (count < rest.length && worst(rest.slice(0, count + 1), side) <= worst(rest.slice(0, count), side)) count++;
    const row = rest.slice(0, count);
    rest = rest.slice(count);
    const sum = row.reduce((all, { size }) => all + size, 0);
    const depth = sum / side;
    const across = area.width >= area.height;
    let at = across ? area.y : area.x;
    for (const { item, size } of row) {
      const length = size / depth;
      const tile = across
        ? { x: area.x, y: at, width: depth, height: length }
        : { x: at, y: area.y, width: length, height: depth };
      tiles.push({ item, x: tile.x / aspect, y: tile.y, width: tile.width / aspect, height: tile.height });
      at += length;
    }
    if (across) {
      area.x += depth;
      area.width -= depth;
    } else {
      area.y += depth;
      area.height -= depth;
    }
  }
  return tiles;
}

/** How far from square the worst of a row is: 1 for a square. */
function worst(row: readonly { readonly size: number }[], side: number): number {
  const sizes = row.map(({ size }) => size);
  const sum = sizes.reduce((all, size) => all + size, 0);
  const [most, least] = [Math.max(...sizes), Math.min(...sizes)];
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
}
