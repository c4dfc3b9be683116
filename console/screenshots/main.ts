import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { definedVariables } from '../../local-stack/defined-variables.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { startStack } from '../../local-stack/stack.ts'
import { dashboardStates, dashboardStatesWithoutPool } from './dashboard-states.ts'
import { playgroundStates } from './playground-states.ts'
import type { Scene } from './scene.ts'

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium'
const TARGET = join(PROJECT_ROOT, 'docs', 'screenshots')
/** More are not told apart on these pages, but in photos. */
const COLOURS = 128

const states = { ...dashboardStates, ...playgroundStates, ...dashboardStatesWithoutPool }

/** Entry: `npm run screenshots`, the pages' states as pictures for the docs, taken of the whole system as it runs. */
async function main(): Promise<void> {
  const folder = join(PROJECT_ROOT, '.edgebatch', 'screenshots')
  await rm(folder, { recursive: true, force: true })
  await mkdir(TARGET, { recursive: true })
  const stack = await startStack({
    ...{ folder, edgePort: 0, edgeRuntime: 'workerd', pools: 1, env: definedVariables(process.env) },
    // The same photos are sent again and again.
    edgeBindings: { ALLOW_ANONYMOUS: 'true', CACHE_TTL_SECONDS: '0', MAX_BACKLOG: '6' },
  })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  const scene: Scene = {
    stack,
    open: async (path, { width = 1080, height = 640, dark = false, isMobile = false } = {}) => {
      const colorScheme = dark ? 'dark' : 'light'
      const page = await browser.newPage({
        ...{ viewport: { width, height }, isMobile, hasTouch: isMobile },
        colorScheme,
        reducedMotion: 'reduce',
      })
      await page.goto(stack.edge.url + path)
      return page
    },
  }
  try {
    for (const [name, take] of Object.entries(states)) {
      const page = await take(scene)
      const picture = await wholePage(page)
      await page.close()
      const file = join(TARGET, `${name}.png`)
      const { size } = await sharp(picture).png({ palette: true, colours: COLOURS, effort: 10 }).toFile(file)
      process.stdout.write(`${file}  ${Math.round(size / 1000)} kB\n`)
    }
  } finally {
    await browser.close()
    await stack.stop()
  }
}

/** As high as the page is. Playwright's own way to that takes a phone's screen for a mouse's meanwhile. */
async function wholePage(page: Page): Promise<Buffer> {
  const { width = 0 } = page.viewportSize() ?? {}
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  await page.setViewportSize({ width, height })
  return page.screenshot()
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`screenshots: ${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  },
)
