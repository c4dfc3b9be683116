import { buildConsole } from '../../console/build-console.ts'

/** Once a run: the console, which the Worker's module imports. */
export default buildConsole
