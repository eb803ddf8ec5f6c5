import { deflateSync, gzipSync } from 'node:zlib';
import { writeElf, writePe } from '../../formats/executable/write-executable.ts';
import { writeVersionedPe } from '../../formats/executable/write-version-resource.ts';
import { inlineBuildInfo } from '../../formats/go-buildinfo/write-build-info.ts';
import { type Written, writeZip } from '../../formats/zip/write-zip.ts';
import {
  gguf,
  kernel,
  module,
  onnx,
  safetensors,
  savedModel,
  short,
  spl,
  u32,
  wasm,
  zipEntry,
} from './binary-headers.ts';
import { lockSamples } from './lock-samples.ts';
import type { EcosystemSample } from './sample.ts';

const program = (text: string): Buffer => writeElf([{ name: '.rodata', content: Buffer.from(text, 'latin1') }]);
const executable = (path: string, content: Buffer) => ({ path, content, mode: 0o755 });

const manifest = (...lines: string[]): Written => ({
  name: 'META-INF/MANIFEST.MF',
  content: Buffer.from(['Manifest-Version: 1.0', ...lines, ''].join('\r\n')),
});
const pom = (group: string, artifact: string, version: string): Written => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: Buffer.from(`version=${version}\ngroupId=${group}\nartifactId=${artifact}\n`),
});
const library = writeZip([manifest(), pom('org.apache.commons', 'commons-text', '1.9')]);
const boot = writeZip([
  manifest('Main-Class: org.springframework.boot.loader.JarLauncher', 'Spring-Boot-Version: 3.2.0'),
  pom('com.example', 'shop', '1.2.0'),
  { name: 'BOOT-INF/lib/commons-text-1.9.jar', content: library, stored: true },
]);
const shaded = writeZip([
  manifest(),
  pom('com.example', 'fat', '2.0'),
  pom('com.google.guava', 'guava', '31.1-jre'),
  pom('org.slf4j', 'slf4j-api', '1.7.36'),
]);
const silent = writeZip([manifest()]);
const told = writeZip([
  manifest('Implementation-Title: told', 'Implementation-Version: 4.1', 'Implementation-Vendor-Id: org.told'),
]);

const goProgram = writeElf([
  {
    name: '.go.buildinfo',
    content: inlineBuildInfo(
      'go1.22.3',
      'path\texample.org/tool\nmod\texample.org/tool\tv1.4.0\th1:x=\ndep\tgolang.org/x/net\tv0.23.0\th1:y=\ndep\tgithub.com/old/one\tv1.0.0\n=>\tgithub.com/new/one\tv1.1.0\th1:z=\nbuild\t-compiler=gc\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\n',
    ),
    writable: true,
  },
]);
const goDevelopment = writeElf([
  {
    name: '.go.buildinfo',
    content: inlineBuildInfo(
      'go1.23.1',
      'path\texample.org/dev\nmod\texample.org/dev\t(devel)\t\ndep\tgolang.org/x/text\tv0.14.0\th1:y=\nbuild\t-compiler=gc\n',
    ),
    writable: true,
  },
]);
const audited = writeElf([
  {
    name: '.dep-v0',
    content: deflateSync(
      JSON.stringify({
        packages: [
          { name: 'regex', version: '1.10.3', source: 'crates.io', dependencies: [] },
          { name: 'tool', version: '0.3.1', source: 'local', dependencies: [0], root: true },
        ],
      }),
    ),
  },
]);

/** Programs that say on their own what they are, with the places where they are installed. */
const PROGRAMS: readonly (readonly [path: string, text: string])[] = [
  ['bin/busybox', '\0BusyBox v1.36.1 (2024-01-02 03:04:05 UTC)\0'],
  ['usr/local/bin/node', 'x\0node.js/v22.9.0\0'],
  ['usr/local/bin/python3.11', '\x003.11.2\0'],
  ['usr/local/bin/ruby', 'ruby 3.2.1 (2023-02-08 revision 31819e82c8)'],
  ['usr/local/bin/php', 'X-Powered-By: PHP/8.2.1'],
  ['usr/local/bin/perl', '/usr/local/lib/perl5/5.37.8/x86_64-linux-gnu'],
  ['opt/java/bin/java', '\0openjdk\0java\x000.0\x0011.0.17+8-LTS\0'],
  ['usr/local/go/bin/go', 'go1.21.0\0'],
  ['usr/sbin/nginx', '\0nginx version: nginx/1.25.1\0'],
  ['usr/local/apache2/bin/httpd', 'Apache/2.4.54'],
  ['usr/local/bin/redis-server', '\x007.0.14buildkitsandbox-1702957741000000000'],
  ['usr/lib/postgresql/15/bin/postgres', '\0PostgreSQL 15.1 on x'],
  ['usr/bin/mysql', 'shutdown\x008.0.37\0\0\0mysql_real_esc'],
  ['usr/bin/mariadb', 'x 10.6.15-MariaDB y'],
  ['usr/local/sbin/haproxy', 'version 2.7.3, released 2023'],
  ['usr/local/bin/traefik', 'abc\xff2.9.6\0'],
  ['bin/consul', 'CONSUL_VERSION: 1.15.2'],
  ['bin/vault', 'revoke1.18.0'],
  ['usr/local/bin/openssl', '\0OpenSSL 3.1.4 24 Oct'],
  ['usr/local/bin/curl', 'curl/8.5.0'],
  ['bin/bash', '@(#)Bash version 5.2.15(1) release GNU'],
  ['lib/libc.so.6', 'GNU C Library (GNU libc) stable release version 2.36.\n'],
];

/** Programs, archives, kernels, modules and models, which are told by what is in them. */
export const programSamples: readonly EcosystemSample[] = [
  {
    name: 'Java archives',
    files: [
      { path: 'app/shop-1.2.0.jar', content: boot },
      { path: 'app/fat-2.0.jar', content: shaded },
      { path: 'app/silent.jar', content: silent },
      { path: 'app/named-3.3.jar', content: silent },
      { path: 'app/told.jar', content: told },
      {
        path: 'srv/all.ear',
        content: writeZip([
          manifest(),
          {
            name: 'web.war',
            content: writeZip([manifest(), { name: 'WEB-INF/lib/commons-text-1.9.jar', content: library }]),
          },
        ]),
      },
    ],
  },
  { name: 'Go', files: [executable('usr/bin/tool', goProgram), executable('usr/bin/dev', goDevelopment)] },
  {
    name: 'Windows programs',
    files: [
      {
        path: 'app/tool.exe',
        content: writeVersionedPe({ ProductName: 'Simple  Tool', ProductVersion: '1.2.0.14', FileVersion: '9' }),
      },
      { path: 'app/silent.dll', content: writePe([{ name: '.text', content: Buffer.alloc(64) }]) },
    ],
  },
  { name: 'Rust', files: [executable('usr/bin/audited', audited)] },
  { name: 'well-known programs', files: PROGRAMS.map(([path, text]) => executable(path, program(text))) },
  {
    name: 'Linux kernel',
    files: [
      { path: 'boot/vmlinuz-5.15.0-1031', content: kernel('5.15.0-1031') },
      { path: 'lib/modules/5.15.0-1031/kernel/zfs.ko', content: module },
      { path: 'lib/modules/5.15.0-1031/kernel/spl.ko.gz', content: gzipSync(spl) },
    ],
  },
  {
    name: 'WebAssembly',
    files: [
      {
        path: 'srv/app.wasm',
        content: wasm({
          name: Buffer.concat([Buffer.from([0, 4]), short('app')]),
          producers: Buffer.concat([Buffer.from([1]), short('language'), Buffer.from([1]), short('Rust'), short('')]),
          '.dep-v0': deflateSync(JSON.stringify({ packages: [{ name: 'serde', version: '1.0.1' }] })),
        }),
      },
    ],
  },
  {
    name: 'AI models',
    files: [
      { path: 'models/tiny.gguf', content: gguf(300) },
      { path: 'models/m.safetensors', content: safetensors(500) },
      { path: 'models/net.onnx', content: onnx },
      { path: 'models/saved/saved_model.pb', content: savedModel },
      { path: 'models/pickled/pytorch_model.bin', content: zipEntry('archive/data.pkl') },
      { path: 'models/edge.tflite', content: Buffer.concat([u32(28), Buffer.from('TFL3'), Buffer.alloc(90)]) },
    ],
  },
  {
    name: 'lock files',
    files: lockSamples.map(([file, content], i) => ({ path: `src/${i}/${file}`, content })),
  },
];
