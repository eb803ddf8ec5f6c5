/**
 * Runs the bundle of that name in this folder, and keeps what V8 made of its code. Node's own cache of compiled code
 * holds only what is compiled when a file is loaded; most functions are compiled when they are first called, again at
 * every start, which for a small image takes as long as the work. So the first runs write down what they compiled, each
 * with what those before it did; after them nothing is written any more. Copied into the folder by `bundle-cli.ts`.
 */
function runCompiled(name) {
  const RUNS = 3;
  const fs = require('node:fs');
  const vm = require('node:vm');
  const { join } = require('node:path');
  const file = join(__dirname, `${name}.cjs`);
  const kept = (run) => join(__dirname, `${name}-${process.version}-${process.arch}.${run}`);
  // For what is not in the bundle: the SDKs, which are loaded when they are wanted.
  require('node:module').enableCompileCache(join(__dirname, 'code'));
  let cachedData;
  let run = RUNS;
  for (; run > 0; run--) {
    try {
      cachedData = fs.readFileSync(kept(run));
      break;
    } catch {
      // Not yet, or not to be read: then without.
    }
  }
  // The bundle is ASCII, which is read, hashed and parsed faster than text of any kind.
  const source = fs.readFileSync(file, 'latin1');
  const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
    filename: file,
    cachedData,
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // V8 refuses what another V8, or one with other settings, has made. It is left to that one.
  if (run < RUNS && !script.cachedDataRejected) {
    process.once('exit', () => {
      const draft = `${kept(run + 1)}-${process.pid}`;
      try {
        fs.writeFileSync(draft, script.createCachedData());
        fs.renameSync(draft, kept(run + 1));
      } catch {
        // A folder that is not ours to write to: the next start takes as long as this one.
      }
    });
  }
  script.runInThisContext()(exports, require, module, file, __dirname);
}

module.exports = { runCompiled };
