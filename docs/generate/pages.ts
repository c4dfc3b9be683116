import { manifestPage, manifestSchema } from './manifest-page.ts'
import { settingsPage } from './settings-page.ts'

/** The pages of docs/reference that are made from the code, by their names. `root`: the project's folder. */
export async function referencePages(root: URL): Promise<Record<string, string>> {
  return {
    'settings.md': await settingsPage(root),
    'manifest.md': manifestPage(),
    'model.schema.json': manifestSchema(),
  }
}
