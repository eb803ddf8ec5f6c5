import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LadingError } from '../../lib/core/errors.ts';
import { type TarEntry, TarReader } from '../../lib/formats/tar/index.ts';
import type { InteropCheck } from './interop-check.ts';

const run = promisify(execFile);

/** Reads archives as container runtimes do, and prints a line for each: what it found, and whether it failed. */
const ORACLE = `package main
import ("archive/tar"; "bytes"; "compress/bzip2"; "encoding/base64"; "encoding/hex"; "encoding/json"; "io"; "os"; "path/filepath"; "strings")
type entry struct { Name, Link string; Type string; Size int64 }
type result struct { File string; Failed bool; Entries []entry }
func main() {
  enc := json.NewEncoder(os.Stdout)
  for _, file := range os.Args[2:] {
    raw, err := os.ReadFile(file); if err != nil { panic(err) }
    if strings.HasSuffix(file, ".bz2") { raw, _ = io.ReadAll(bzip2.NewReader(bytes.NewReader(raw))) }
    if strings.HasSuffix(file, ".base64") { raw, _ = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(raw))) }
    name := filepath.Base(file)
    if err := os.WriteFile(filepath.Join(os.Args[1], name), raw, 0o600); err != nil { panic(err) }
    out := result{File: name, Entries: []entry{}}
    reader := tar.NewReader(bytes.NewReader(raw))
    for {
      header, err := reader.Next()
      if err == io.EOF { break }
      if err != nil { out.Failed = true; break }
      if header.Typeflag == tar.TypeXGlobalHeader { continue }
      out.Entries = append(out.Entries, entry{hex.EncodeToString([]byte(header.Name)), hex.EncodeToString([]byte(header.Linkname)), string(header.Typeflag), header.Size})
      if _, err := io.Copy(io.Discard, io.LimitReader(reader, 1<<24)); err != nil { out.Failed = true; break }
    }
    enc.Encode(out)
  }
}`;

interface Listing {
  readonly File: string;
  readonly Failed: boolean;
  readonly Entries: readonly {
    readonly Name: string;
    readonly Link: string;
    readonly Type: string;
    readonly Size: number;
  }[];
}

const TYPES: ReadonlyMap<string, TarEntry['type']> = new Map([
  ['0', 'file'],
  ['7', 'file'],
  ['S', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['3', 'device'],
  ['4', 'device'],
  ['5', 'directory'],
  ['D', 'directory'],
  ['6', 'fifo'],
]);

/** Bytes that are no UTF-8 stand as lone surrogates in our names. */
function bytesOf(name: string): string {
  const parts = [...name].map((char) => {
    const code = char.codePointAt(0) ?? 0;
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char);
  });
  return Buffer.concat(parts).toString('hex');
}

function readOurs(archive: Buffer): { readonly failed: boolean; readonly entries: readonly string[] } {
  const entries: string[] = [];
  const reader = new TarReader(
    {
      entry(entry) {
        entries.push(lineOf(entry.type, bytesOf(entry.path), bytesOf(entry.linkname), entry.size));
        return undefined;
      },
    },
    { globalHeaders: 'skip' },
  );
  try {
    for (let at = 0; at < archive.length; at += 1000) reader.feed(archive.subarray(at, at + 1000));
    reader.end();
    return { failed: false, entries };
  } catch (error) {
    if (error instanceof LadingError) return { failed: true, entries };
    throw error;
  }
}

const lineOf = (type: string, name: string, link: string, size: number): string =>
  `${type} ${name} ${type === 'hardlink' || type === 'symlink' ? link : ''} ${type === 'file' ? size : 0}`;

const linesOf = ({ Entries }: Listing): readonly string[] =>
  Entries.map(({ Name, Link, Type, Size }) => lineOf(TYPES.get(Type) ?? Type, Name, Link, Size));

async function compareWithGo({ work }: Parameters<InteropCheck['run']>[0]): Promise<string> {
  const { stdout } = await run('go', ['env', 'GOROOT']);
  const folder = join(stdout.trim(), 'src', 'archive', 'tar', 'testdata');
  const files = (await readdir(folder)).filter((file) => file.includes('.tar')).map((file) => join(folder, file));
  const unpacked = join(work, 'archives');
  await mkdir(unpacked);
  await writeFile(join(work, 'main.go'), ORACLE);
  const listed = await run('go', ['run', 'main.go', unpacked, ...files], { cwd: work, maxBuffer: 64 << 20 });
  const differences: string[] = [];
  for (const line of listed.stdout.trim().split('\n')) {
    const theirs: Listing = JSON.parse(line);
    const ours = readOurs(await readFile(join(unpacked, theirs.File)));
    const same = JSON.stringify(ours.entries) === JSON.stringify(linesOf(theirs)) && ours.failed === theirs.Failed;
    if (!same)
      differences.push(`${theirs.File}: ${JSON.stringify(ours)} and not ${JSON.stringify(theirs)}`.slice(0, 1200));
  }
  if (files.length < 30) throw new Error(`only ${files.length} test files in ${folder}`);
  if (differences.length > 0) throw new Error(differences.join('\n'));
  return `${files.length} archives, entry by entry, and which of them are refused`;
}

export const checks: readonly InteropCheck[] = [
  { name: "tar: Go's archive/tar reads its own test files as we do", needs: ['go'], run: compareWithGo },
];
