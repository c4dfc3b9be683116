import { join } from 'node:path'
import { definedVariables } from './defined-variables.ts'
import { writeEdgeUpload } from './edge-upload.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** Entry: `npm run bundle`, what `wrangler deploy` would upload as files, for terraform/modules/edge and to look at. */
async function main(): Promise<void> {
  const folder = join(PROJECT_ROOT, '.edgebatch', 'edge-bundle')
  process.stdout.write(await writeEdgeUpload(folder, definedVariables(process.env)))
  process.stdout.write(`The bundle is in ${folder}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`bundle: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})
