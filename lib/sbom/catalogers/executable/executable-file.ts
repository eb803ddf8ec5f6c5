import { type Executable, executableFormat, readExecutables } from '../../../formats/executable/index.ts';
import { readGoBuildInfo } from '../../../formats/go-buildinfo/index.ts';
import { CLASSIFIED_NAMES } from '../binary/classifiers.ts';
import { createClassification } from '../binary/classify-binary.ts';
import { toWindowsProgram } from '../binary/windows-program.ts';
import type { ContentGap, FileKind } from '../cataloger.ts';
import { toGoProgram } from '../go/parse-build-info.ts';
import { type Crate, parseAuditData } from '../rust/parse-audit-data.ts';
import { type ExecutableContent, executableSchema, toContent } from './executable-content.ts';
import { createExecutableScan } from './scan-executable.ts';

/**
 * Programs and shared libraries, which are known by how they begin, and files with the names of well-known programs,
 * which may be scripts. What several catalogers want to know of such a file is read at once.
 */
export const executableFile: FileKind<ExecutableContent> = {
  id: 'executable',
  version: 4,
  match: {
    names: CLASSIFIED_NAMES,
    begins: (head) => executableFormat(head) !== undefined,
  },
  maxBytes: 64 * 1024 ** 2,
  importance: 'file',
  bulky: true,
  parse: parseExecutable,
  scan: createExecutableScan,
  gapsOf: (content) => content.gaps ?? [],
  schema: executableSchema,
};

/** Build information of Go, crates of cargo-auditable. */
const SECTIONS = ['.go.buildinfo', '.dep-v0'];

function parseExecutable(bytes: Buffer, path: string): ExecutableContent | undefined {
  const programs = readExecutables(bytes, SECTIONS);
  const go = programs.flatMap((program) => {
    const info = readGoBuildInfo(program);
    return info ? [toGoProgram(info)] : [];
  });
  const gaps: ContentGap[] = [];
  const rust = programs.flatMap((program) => cratesIn(program, gaps));
  const classification = createClassification(path);
  classification.look(bytes);
  const windows = toWindowsProgram(bytes, path);
  const binary = classification.identified();
  return toContent(path, { go, rust, binary, windows: windows ? [windows] : [], gaps });
}

function cratesIn({ bytes, sections }: Executable, gaps: ContentGap[]): Crate[][] {
  const section = sections.find(({ name, size }) => name === '.dep-v0' && size > 0);
  if (!section) return [];
  try {
    return [parseAuditData(bytes.subarray(section.offset, section.offset + section.size))];
  } catch {
    const message = 'the list of crates in the section .dep-v0 cannot be read';
    gaps.push({ reason: 'unreadable', code: 'cargo-auditable-unreadable', message });
    return [];
  }
}
