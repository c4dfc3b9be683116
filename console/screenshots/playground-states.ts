import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { Scene, TakeState, View } from './scene.ts'

const example = (file: string) => join(PROJECT_ROOT, 'examples', file)
const PHOTOS = ['cat.jpg', 'coffee.png', 'rocket.jpg', 'cat.png'].map(example)

async function playground(scene: Scene, view?: View): Promise<Page> {
  const page = await scene.open('/', view)
  await page.getByLabel('Model').waitFor()
  return page
}

async function withPhotos(page: Page, ...files: Parameters<Page['setInputFiles']>[1][]): Promise<Page> {
  for (const chosen of files) await page.getByLabel('Choose photos').setInputFiles(chosen)
  return page
}

const untilSaid = (page: Page, text: string | RegExp) =>
  page.locator('.status', { hasText: text }).first().waitFor()
const untilDrawn = (page: Page) => page.locator('figure[aria-busy=false]').first().waitFor()

/** By the names of their files. The last ones stop the pool. */
export const playgroundStates: Readonly<Record<string, TakeState>> = {
  'playground-empty': (scene) => playground(scene),
  'playground-result': async (scene) => {
    const page = await withPhotos(await playground(scene), example('coffee.png'))
    await untilSaid(page, 'espresso')
    await untilDrawn(page)
    await page.getByText('Call it from your code').click()
    return page
  },
  'playground-many': async (scene) => {
    const page = await withPhotos(await playground(scene, { dark: true }), PHOTOS, example('coffee.png'))
    await page.getByText('5 photos: 5 done').waitFor()
    await untilDrawn(page)
    return page
  },
  'playground-phone': async (scene) => {
    const page = await playground(scene, { width: 390, height: 780, dark: true, isMobile: true })
    await withPhotos(page, example('rocket.jpg'))
    await untilSaid(page, /, in/)
    await untilDrawn(page)
    return page
  },
  'playground-refusal': async (scene) => {
    const notes = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no photo') }
    const page = await withPhotos(await playground(scene), notes)
    await untilSaid(page, 'Not a supported image')
    return page
  },
  'playground-key': async (scene) => {
    const page = await playground(scene, { height: 480 })
    await page.getByRole('button', { name: 'API key' }).click()
    return page
  },
  'playground-queue': async (scene) => {
    await scene.stack.pools[0]?.stop()
    const page = await playground(scene)
    await withPhotos(page, PHOTOS, [...PHOTOS].reverse())
    await untilSaid(page, 'tries again')
    return page
  },
}
