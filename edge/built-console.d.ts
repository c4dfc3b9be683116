/** What `console/build-console.ts` writes; it need not be there to check types. */
declare module '*/console/dist/assets.js' {
  const assets: import('./console-assets.ts').ConsoleAssets
  export default assets
}
