import { LadingError, LimitExceededError } from '../../core/errors.ts';

export interface CsvLimits {
  /** Characters of one row. */
  readonly maxRow: number;
  readonly maxColumns: number;
  readonly maxRows: number;
}

export const defaultCsvLimits: CsvLimits = { maxRow: 1024 * 1024, maxColumns: 2_000, maxRows: 50_000_000 };

/**
 * The rows of a CSV text as it comes (RFC 4180; a line may end with LF alone, and a byte order mark is skipped). Empty
 * lines are no rows.
 *
 * @throws LadingError `csv-malformed`; LimitExceededError over a cap
 */
export async function* readCsv(
  text: AsyncIterable<string>,
  limits: CsvLimits = defaultCsvLimits,
): AsyncGenerator<readonly string[]> {
  const reader = new RowReader(limits);
  for await (const piece of text) yield* reader.feed(piece);
  yield* reader.end();
}

type State = 'start' | 'plain' | 'quoted' | 'after-quote';

class RowReader {
  readonly #limits: CsvLimits;
  #state: State = 'start';
  #cell = '';
  #row: string[] = [];
  #length = 0;
  #rows = 0;
  #first = true;
  #skipLf = false;

  constructor(limits: CsvLimits) {
    this.#limits = limits;
  }

  *feed(piece: string): Generator<readonly string[]> {
    const text = this.#first && piece.startsWith('\ufeff') ? piece.slice(1) : piece;
    if (piece !== '') this.#first = false;
    for (const character of text) {
      if (++this.#length > this.#limits.maxRow) throw new LimitExceededError('csv-row', 'a row of the CSV is too long');
      if (this.#skipLf && character === '\n') {
        this.#skipLf = false;
        continue;
      }
      this.#skipLf = false;
      if (this.#state === 'quoted') {
        if (character === '"') this.#state = 'after-quote';
        else this.#cell += character;
      } else if (character === '"') {
        if (this.#state === 'plain') throw malformed(this.#rows, 'a quote stands inside a cell without quotes');
        if (this.#state === 'after-quote') this.#cell += '"';
        this.#state = 'quoted';
      } else if (character === ',') this.#endCell();
      else if (character === '\n' || character === '\r') {
        this.#skipLf = character === '\r';
        yield* this.#endRow();
      } else if (this.#state === 'after-quote') {
        throw malformed(this.#rows, 'something stands between a closing quote and the next comma');
      } else {
        this.#state = 'plain';
        this.#cell += character;
      }
    }
  }

  *end(): Generator<readonly string[]> {
    if (this.#state === 'quoted') throw malformed(this.#rows, 'the last quote is not closed');
    if (this.#cell !== '' || this.#row.length > 0 || this.#state !== 'start') yield* this.#endRow();
  }

  #endCell(): void {
    if (this.#row.length >= this.#limits.maxColumns)
      throw new LimitExceededError('csv-columns', 'the CSV has too many columns');
    this.#row.push(this.#cell);
    this.#cell = '';
    this.#state = 'start';
  }

  *#endRow(): Generator<readonly string[]> {
    const empty = this.#row.length === 0 && this.#cell === '' && this.#state === 'start';
    this.#length = 0;
    if (empty) return;
    this.#endCell();
    const row = this.#row;
    this.#row = [];
    if (++this.#rows > this.#limits.maxRows) throw new LimitExceededError('csv-rows', 'the CSV has too many rows');
    yield row;
  }
}

const malformed = (row: number, why: string): LadingError =>
  new LadingError('csv-malformed', `row ${row + 1} of the CSV: ${why}`);
