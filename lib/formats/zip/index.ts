export { readZip, type ZipEntry, type ZipLimits } from './read-zip.ts';
