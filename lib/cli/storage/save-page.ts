import { callApi } from '../api-client.ts';
import type { Connection } from '../connection.ts';

/**
 * Prints a page of the console as one file to keep: its style is put into it, and its scripts and its ways to other pages
 * are left out.
 */
export async function savePage(connection: Connection, path: string): Promise<void> {
  const page = await (await callApi(connection, path)).text();
  const href = /<link rel="stylesheet" href="([^"]+)">/.exec(page)?.[1];
  const style = href === undefined ? '' : await (await callApi(connection, href)).text();
  process.stdout.write(
    page
      .replace(/<link [^>]*>\s*/g, '')
      .replace(/<script [^>]*><\/script>\s*/g, '')
      .replace(/<header>[\s\S]*?<\/header>\s*/, '')
      .replace(/<a [^>]*>|<\/a>/g, '')
      .replace('</head>', () => `<style>${style}</style></head>`),
  );
}
