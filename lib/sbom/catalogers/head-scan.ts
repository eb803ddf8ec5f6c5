import type { ContentScan } from './cataloger.ts';

/** For files whose beginning tells all: reads at most `bytes` of it and lets the rest, which may be any amount, go by. */
export function scanHead<Content>(bytes: number, parse: (head: Buffer) => Content | undefined): ContentScan<Content> {
  const parts: Buffer[] = [];
  let held = 0;
  return {
    write(chunk) {
      if (held === bytes) return;
      const part = Buffer.from(chunk.subarray(0, bytes - held));
      parts.push(part);
      held += part.length;
    },
    end: () => parse(Buffer.concat(parts)),
  };
}

/** `model` of `opt/llm/model.gguf`. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
