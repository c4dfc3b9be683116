import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { axeViolations, newPage, startBrowser } from '../support/browser.ts'
import { type TestStack, testStack } from '../support/stack.ts'

describe.skipIf(inject('chromium') === undefined)('the console', () => {
  let stack: TestStack
  let browser: Browser
  beforeAll(async () => {
    ;[stack, browser] = await Promise.all([testStack(), startBrowser()])
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.close()
  })

  test.each([
    ['/', 'Playground'],
    ['/dashboard', 'Dashboard'],
  ])('%s starts under its policy', async (path, name) => {
    const page = await newPage(browser)
    await page.goto(stack.edge.url + path)
    await page.getByRole('link', { name, exact: true }).waitFor()
    expect(await page.locator('a[aria-current=page]').textContent()).toBe(name)
    expect(page.problems).toEqual([])
    expect(await axeViolations(page)).toEqual([])
  })
})
