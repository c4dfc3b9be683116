import { prepareConsole } from './prepare-console.ts'

/** Entry: makes what the edge serves to people. wrangler runs it before it bundles the edge, and npm before it starts the edge on Node. */
prepareConsole((line) => process.stderr.write(`console: ${line}\n`)).catch((error: Error) => {
  process.stderr.write(`console: ${error.message}\n`)
  process.exit(1)
})
