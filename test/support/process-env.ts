import { definedVariables } from '../../local-stack/defined-variables.ts'

/** The environment as it is, for processes that tests start. */
export function processEnv(): Record<string, string> {
  return definedVariables(process.env)
}
