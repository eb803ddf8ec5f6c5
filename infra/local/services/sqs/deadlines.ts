/** A priority queue of things to do at a time (milliseconds since the epoch): a binary heap, earliest first. */
export class Deadlines<T> {
  readonly #heap: { readonly at: number; readonly value: T }[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest falls due. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(at: number, value: T): void {
    const heap = this.#heap;
    heap.push({ at, value });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Removes and returns the earliest when it is due at `now`. */
  takeDue(now: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.value;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #sink(): void {
    const size = this.#heap.length;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      if (left >= size) return;
      const child = left + 1 < size && this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const held = heap[a];
    const other = heap[b];
    if (held === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = held;
  }
}
