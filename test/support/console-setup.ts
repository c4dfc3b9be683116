import { buildConsole } from '../../console/build-console.ts'

/** Once a run: the console, which the edge imports. */
export default async function setup(): Promise<void> {
  await buildConsole()
}
