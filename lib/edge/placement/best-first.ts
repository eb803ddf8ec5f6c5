/**
 * A queue that gives the best first, by score and then by name. What was entered again counts by its last score: older
 * entries are passed over when they come up.
 */
export class BestFirst {
  readonly #heap: { readonly index: number; readonly score: number; readonly version: number }[] = [];
  readonly #versions: number[] = [];

  /** @param index lower ones come first where scores are equal */
  enter(index: number, score: number): void {
    const version = (this.#versions[index] ?? 0) + 1;
    this.#versions[index] = version;
    const heap = this.#heap;
    heap.push({ index, score, version });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#exchange(i, parent);
      i = parent;
    }
  }

  next(): { readonly index: number; readonly score: number } | undefined {
    for (;;) {
      const [first] = this.#heap;
      const last = this.#heap.pop();
      if (first === undefined || last === undefined) return undefined;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
        this.#sink();
      }
      if (this.#versions[first.index] === first.version) return first;
    }
  }

  #sink(): void {
    for (let i = 0; ; ) {
      let best = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#before(child, best)) best = child;
      }
      if (best === i) return;
      this.#exchange(i, best);
      i = best;
    }
  }

  #before(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return false;
    return a.score === b.score ? a.index < b.index : a.score > b.score;
  }

  #exchange(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}
