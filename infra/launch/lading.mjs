#!/usr/bin/env node
// The `lading` command: the same launcher, with the task chosen.
process.argv.splice(2, 0, 'lading');
await import('./run.mjs');
