import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defuse, printJson, severityCell } from '../../../lib/cli/output.ts';
import { createProgress } from '../../../lib/cli/progress.ts';
import { printTable } from '../../../lib/cli/table.ts';

function capture(run: () => void, terminal = false): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  const before = process.stdout.isTTY;
  process.stdout.isTTY = terminal;
  vi.stubEnv('NO_COLOR', '');
  try {
    run();
    return text;
  } finally {
    spy.mockRestore();
    process.stdout.isTTY = before;
    vi.unstubAllEnvs();
  }
}

afterEach(() => vi.restoreAllMocks());

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('tables', () => {
  it('have columns under each other, and nothing at the ends of lines', () => {
    const text = capture(() =>
      printTable(
        ['NAME', 'N'],
        [
          ['a', '1'],
          ['longer', '2'],
          ['x', ''],
        ],
      ),
    );
    expect(text).toBe('NAME    N\na       1\nlonger  2\nx\n');
  });

  it('have their colours on a terminal, and only there', () => {
    const print = () => printTable(['SEVERITY'], [[severityCell('critical')]]);
    expect(capture(print, true)).toContain('\u001b[31m');
    expect(capture(print, false)).toBe('SEVERITY\ncritical\n');
  });

  it('show what a stranger wrote to steer the terminal, on a terminal too', () => {
    const hostile = '\u001b]0;title\u0007\u009b31m\u202egnp.exe\r';
    const text = capture(() => printTable(['A'], [[hostile], [{ text: hostile, style: 'dim' }]]), true);
    const withoutColours = ['2', '22', '39'].reduce((left, n) => left.replaceAll(`\u001b[${n}m`, ''), text);
    expect(withoutColours).toContain('title');
    expect(withoutColours).not.toMatch(STEERING);
  });
});

describe('texts of strangers', () => {
  it('never steer a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(defuse(text)).not.toMatch(STEERING);
        expect(defuse(text)).not.toContain('\n');
      }),
    );
  });

  it('are the same after JSON, which holds no steering characters either', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const printed = capture(() => printJson({ [text]: text }));
        expect(printed).not.toMatch(STEERING);
        expect(JSON.parse(printed)).toEqual({ [text]: text });
      }),
    );
  });

  it('are left alone where they are harmless', () => {
    expect(defuse('naïve-名前 [1m')).toBe('naïve-名前 [1m');
  });
});

describe('progress', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, columns: 30, written, write: (text: string) => written.push(text) > 0 };
  };

  it('is for terminals', () => {
    const to = stream(false);
    const progress = createProgress(to as never);
    progress.show('working');
    progress.clear();
    expect(to.written).toEqual([]);
  });

  it('is one line that fits, not written more often than can be read, and gone at the end', () => {
    const to = stream(true);
    let now = 0;
    const progress = createProgress(to as never, () => now);
    progress.show(`\u001b[31m${'x'.repeat(100)}`);
    progress.show('too soon');
    now = 1_000;
    progress.show('second');
    progress.clear();
    progress.clear();
    expect(to.written).toHaveLength(3);
    expect(to.written[0]).toBe(`\r\u001b[2K\ufffd[31m${'x'.repeat(24)}`);
    expect(to.written.slice(1)).toEqual(['\r\u001b[2Ksecond', '\r\u001b[2K']);
  });
});
