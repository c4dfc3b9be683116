import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

export function example(file: string): Buffer {
  return readFileSync(join(PROJECT_ROOT, 'examples', file))
}

/** Labelled photos that may lie beside the project and are not part of it. */
const DATA = join(PROJECT_ROOT, '..', 'shared', 'data')
export const hasLabelledPhotos = existsSync(join(DATA, 'photos', 'labels.tsv'))

/** Said where tests that want them are skipped. */
export const NO_PHOTOS = 'no labelled photos in ../shared/data'

export interface LabelledPhoto {
  file: string
  bytes: Buffer
  index: number
  label: string
}

export function labelledPhotos(): LabelledPhoto[] {
  const lines = readFileSync(join(DATA, 'photos', 'labels.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
  return lines.map((line) => {
    const [file = '', index = '', label = ''] = line.split('\t')
    return { file, bytes: readFileSync(join(DATA, 'photos', file)), index: Number(index), label }
  })
}

/** Paths of all photos there, labelled or not; none where there is no such folder. */
export function photoFiles(): string[] {
  return ['photos', 'exif', 'png']
    .map((folder) => join(DATA, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => /\.(jpg|png)$/.test(file))
}

export function sharedPhoto(file: string): Buffer {
  return readFileSync(join(DATA, file))
}
