import { readFileSync } from 'node:fs'
import { ConfigurationError } from '../shared/read-configuration.ts'

/** The JSON that GATEWAY_TOKENS says: it is JSON itself, or names a file. Throws ConfigurationError. */
export function tokensText(setting: string | undefined): string | undefined {
  if (setting === undefined || setting.trimStart().startsWith('[')) return setting
  try {
    return readFileSync(setting, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`GATEWAY_TOKENS: the file it names cannot be read (${code})`)
  }
}
