import type { Page } from 'playwright-core'
import type { Stack } from '../../local-stack/stack.ts'

export interface View {
  /** In CSS pixels. */
  width?: number
  height?: number
  dark?: boolean
  /** A phone, held in the hand. */
  isMobile?: boolean
}

/** What pictures are taken of: the whole system, and pages of it. */
export interface Scene {
  stack: Stack
  open: (path: string, view?: View) => Promise<Page>
}

/** Brings the page into a state, and answers it to be photographed. States are taken in the order in which they stand. */
export type TakeState = (scene: Scene) => Promise<Page>
