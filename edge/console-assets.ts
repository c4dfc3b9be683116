/** One file of the console: a page, or what pages load. */
export interface ConsoleAsset {
  /** Its `Content-Type`. */
  type: string
  body: string
  /** The body compressed, where nothing else on the way to the reader does that. */
  gzip?: Uint8Array<ArrayBuffer>
  /** Of its contents, for `ETag`. */
  hash: string
}

/**
 * The pages for people and what they load, by path: `/`, `/dashboard`, and `/assets/...`, whose names change with their contents.
 * `console/build-console.ts` makes them; empty where that has not been.
 */
export type ConsoleAssets = Readonly<Record<string, ConsoleAsset>>
