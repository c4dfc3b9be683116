import 'vitest'

/** A photo and what sharp makes of it at full quality, both in base64: tests in workerd have no files and no sharp. */
export interface SharpReference {
  name: string
  photo: string
  /** 224 x 224 RGB: short side to 256, cubic, centre 224. */
  expected: string
}

declare module 'vitest' {
  interface ProvidedContext {
    sharpReferences: SharpReference[]
  }
}
