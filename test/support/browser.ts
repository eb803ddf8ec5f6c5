import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.LADING_CHROMIUM ?? '/usr/bin/chromium';

export const withoutBrowser = !existsSync(executablePath);
/** For the title of what is skipped. */
export const whyNoBrowser = withoutBrowser
  ? ` (skipped: there is no ${executablePath}; LADING_CHROMIUM names another)`
  : '';

/** Without these, a browser without a network looks for its maker at every start. */
const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: FLAGS });

/** A page of a desktop's size; what it complains of is added to the list. */
export async function openPage(browser: Browser, complaints: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}
