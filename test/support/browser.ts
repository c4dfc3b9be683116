import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'

export interface TestPage extends Page {
  /** What has gone wrong on it: exceptions, and what Chromium says of its policy and the like; not of answers that are refusals. */
  problems: string[]
}

/** Chromium without a window. To be closed. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: inject('chromium') ?? '',
    // Its sandbox takes rights that root in a container may lack; only our own pages are opened.
    args: ['--no-sandbox'],
  })
}

/** A page of a profile of its own. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<TestPage> {
  // What is looked at between two colours has neither.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  // On a busy machine each step may take long; the test's own limit counts.
  page.setDefaultTimeout(0)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    const isRefusal = message.text().startsWith('Failed to load resource: the server responded')
    if (['error', 'warning'].includes(message.type()) && !isRefusal) problems.push(message.text())
  })
  return Object.assign(page, { problems })
}

/** What axe finds wrong on a page for people who use a keyboard or a screen reader, or see little: each rule, and where. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
