import type { TarSink } from '../../formats/tar/index.ts';
import { type FileKind, HEAD_BYTES } from '../catalogers/cataloger.ts';
import type { HeadMatcher } from '../catalogers/match-kind.ts';
import type { Gap } from '../model.ts';

export type ParsedContent =
  | { readonly status: 'content'; readonly content: unknown; readonly gaps: readonly Gap[] }
  | { readonly status: 'other' }
  | { readonly status: 'broken'; readonly why: string };

/** True where a file of that size can be read: whole, or as it streams by. */
export const isReadable = (kind: FileKind, size: number): boolean => size <= kind.maxBytes || kind.scan !== undefined;

/** Reads one file of a kind as it streams by, and parses it. The size must be one that `isReadable`. */
export function readContent(
  kind: FileKind,
  file: { readonly path: string; readonly size: number },
  done: (parsed: ParsedContent) => void,
): TarSink {
  const { path, size } = file;
  if (size <= kind.maxBytes || !kind.scan) {
    return collect(size, (bytes) => done(outcomeOf(kind, path, () => kind.parse(bytes, path))));
  }
  const scan = kind.scan(path);
  let failure: unknown;
  return {
    write(chunk) {
      if (failure !== undefined) return;
      try {
        scan.write(chunk);
      } catch (error) {
        failure = error;
      }
    },
    end: () =>
      done(
        outcomeOf(kind, path, () => {
          if (failure !== undefined) throw failure;
          return scan.end();
        }),
      ),
  };
}

/**
 * Decides by the first bytes who gets the content of a file; without an answer it is skipped. Bytes that came before the
 * decision are handed on with the others.
 */
export function sniffContent(kindOf: HeadMatcher, sinkFor: (kind: FileKind) => TarSink | undefined): TarSink {
  let held: Uint8Array[] | undefined = [];
  let heldBytes = 0;
  let sink: TarSink | undefined;
  const decide = (): void => {
    const parts = held ?? [];
    held = undefined;
    const [first] = parts;
    const kind = kindOf(parts.length === 1 && first ? first : Buffer.concat(parts));
    sink = kind && sinkFor(kind);
    for (const part of parts) sink?.write(part);
  };
  return {
    write(chunk) {
      if (!held) {
        sink?.write(chunk);
        return;
      }
      heldBytes += chunk.length;
      held.push(heldBytes >= HEAD_BYTES ? chunk : Uint8Array.from(chunk));
      if (heldBytes >= HEAD_BYTES) decide();
    },
    end() {
      if (held) decide();
      sink?.end();
    },
  };
}

/**
 * Gathers the content of one file. Where it came in one piece it is not copied; else its memory is given back as soon as
 * it was read: executables would otherwise pile up until the garbage collector gets to them.
 */
function collect(size: number, done: (content: Buffer) => void): TarSink {
  let view: Buffer | undefined;
  let copy: Buffer<ArrayBuffer> | undefined;
  let filled = 0;
  return {
    write(chunk) {
      if (filled === 0 && chunk.length === size) view = asBuffer(chunk);
      else {
        copy ??= Buffer.allocUnsafeSlow(size);
        copy.set(chunk, filled);
      }
      filled += chunk.length;
    },
    end() {
      done(view ?? copy?.subarray(0, filled) ?? Buffer.alloc(0));
      copy?.buffer.transfer(0);
    },
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function outcomeOf(kind: FileKind, path: string, read: () => unknown): ParsedContent {
  try {
    const content = read();
    if (content === undefined) return { status: 'other' };
    return { status: 'content', content, gaps: (kind.gapsOf?.(content) ?? []).map((gap) => ({ ...gap, path })) };
  } catch (error) {
    return { status: 'broken', why: error instanceof Error ? error.message : String(error) };
  }
}
