import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Clock } from '../../shared/clock.ts'
import { temporaryFolder, writePackage } from '../../test/support/package-folders.ts'
import { SCAN_EVERY_MS } from '../../test/support/scanned-repository.ts'
import { FolderWatch } from './folder-watch.ts'
import { ModelRepository } from './model-repository.ts'

test('something that happens in a folder is looked at before the next scan is due', async () => {
  const root = await temporaryFolder()
  const folder = await writePackage(root, 'm@1')
  /** Short pauses are over at once, and the next scan is never due. */
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) =>
      ms <= 1_000
        ? Promise.resolve()
        : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
  }
  const selection = { repository: root, only: undefined, folders: [] }
  const models = new ModelRepository({
    selection,
    clock,
    watch: new FolderWatch(),
    scanEveryMs: SCAN_EVERY_MS,
  })
  await models.scan()
  const stop = new AbortController()
  let scans = 0
  const watching = models.watch(async () => {
    scans++
    stop.abort()
  }, stop.signal)
  await writeFile(join(folder, 'labels.txt'), 'cat\n')
  await watching
  expect(scans).toBe(1)
})
