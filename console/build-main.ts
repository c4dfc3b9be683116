/** Entry: makes what the edge serves to people. wrangler runs it before it bundles the edge, and npm before it starts the edge on Node. */
async function main(): Promise<void> {
  const { buildConsole } = await import('./build-console.ts')
  await buildConsole()
}

main().catch((error: NodeJS.ErrnoException) => {
  // An installation without what only development needs. What was built before is there still, if it was.
  const isWithoutVite = error.code === 'ERR_MODULE_NOT_FOUND'
  process.stderr.write(`console: ${isWithoutVite ? 'not built, as vite is not installed' : error.message}\n`)
  process.exit(isWithoutVite ? 0 : 1)
})
