/** The variables of an environment that are set, as child processes take them. */
export function definedVariables(environment: Record<string, string | undefined>): Record<string, string> {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as Record<string, string>
}
