import { findInlineBuildInfo } from '../../../formats/go-buildinfo/index.ts';
import { createClassification } from '../binary/classify-binary.ts';
import type { ContentGap, ContentScan } from '../cataloger.ts';
import { type GoProgram, toGoProgram } from '../go/parse-build-info.ts';
import { type ExecutableContent, toContent } from './executable-content.ts';

/** Bytes that are looked at together. */
const WINDOW = 8 * 1024 ** 2;
/** Bytes that are looked at again with the next window: what is looked for may lie across. Build information is longest. */
const OVERLAP = 2 * 1024 ** 2;
const CRATES = Buffer.from('.dep-v0\0', 'latin1');

/**
 * Looks through an executable that is too large to hold, a window at a time. Its tables are not read: a list of crates,
 * or of modules by a Go before 1.18, cannot be got at so, and is a gap.
 */
export function createExecutableScan(path: string): ContentScan<ExecutableContent> {
  // A multiple of 16, and so is each step: build information of Go is aligned.
  const window = Buffer.allocUnsafe(WINDOW);
  let held = 0;
  let go: GoProgram | undefined;
  const classification = createClassification(path);
  const gaps = new Map<string, ContentGap>();
  const look = (): void => {
    const part = window.subarray(0, held);
    if (!go) {
      const found = findInlineBuildInfo(part);
      if (found.status === 'found') go = toGoProgram(found.info);
      if (found.status === 'pointers' || found.status === 'incomplete') gaps.set('go', GO_GAP);
    }
    if (hasSectionOfCrates(part)) gaps.set('crates', CRATES_GAP);
    classification.look(part);
  };
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const taken = Math.min(WINDOW - held, chunk.length - at);
        window.set(chunk.subarray(at, at + taken), held);
        held += taken;
        at += taken;
        if (held < WINDOW) continue;
        look();
        window.copyWithin(0, WINDOW - OVERLAP);
        held = OVERLAP;
      }
    },
    end() {
      look();
      if (go) gaps.delete('go');
      return toContent(path, {
        go: go ? [go] : [],
        rust: [],
        binary: classification.identified(),
        windows: [],
        gaps: [...gaps.values()],
      });
    },
  };
}

/** The name stands in the table of names between zero bytes; in a program that reads such sections it may stand otherwise. */
function hasSectionOfCrates(part: Buffer): boolean {
  for (let at = part.indexOf(CRATES); at >= 0; at = part.indexOf(CRATES, at + CRATES.length)) {
    if (part[at - 1] === 0) return true;
  }
  return false;
}

const GO_GAP: ContentGap = {
  reason: 'limit',
  code: 'go-build-info-bytes',
  message: 'the program is too large for its list of Go modules to be found',
};
const CRATES_GAP: ContentGap = {
  reason: 'limit',
  code: 'cargo-auditable-bytes',
  message: 'the program is too large for its list of crates to be found',
};
