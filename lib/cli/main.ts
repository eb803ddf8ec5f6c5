import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
// Sources run as they are; without the cache of compiled code that alone would take longer than most commands.
enableCompileCache(join(cacheFolder(), 'code'));
const { runProgram } = await import('./program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
