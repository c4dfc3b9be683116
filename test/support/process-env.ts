/** The environment as it is, for processes that tests start. */
export function processEnv(): Record<string, string> {
  const set = Object.entries(process.env).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as Record<string, string>
}
