/** One photo's call, as programs make it. */
export interface Call {
  /** The service's address. */
  origin: string
  /** `name` or `name@version`; undefined where the service chooses. */
  model: string | undefined
  fileName: string
  /** Whether it takes an API key, which is in the environment then. */
  keyed: boolean
}

export const LANGUAGES = { curl: 'curl', typescript: 'TypeScript', python: 'Python' } as const
export type Language = keyof typeof LANGUAGES

const SNIPPETS: Readonly<Record<Language, (call: Call) => string>> = { curl, typescript, python }

/** A program, or a line for the terminal, that makes this call. */
export function snippetOf(language: Language, call: Call): string {
  return SNIPPETS[language](call)
}

function curl({ origin, model, fileName, keyed }: Call): string {
  // curl has its own quotes within a form's field, and the shell its own around them.
  const file = fileName.replace(/[\\"]/g, '\\$&')
  return [
    `curl ${shell(address(origin, model))}`,
    ...(keyed ? ['-H "Authorization: Bearer $EDGEBATCH_API_KEY"'] : []),
    `-F ${shell(`image=@"${file}"`)}`,
  ].join(' \\\n  ')
}

function typescript({ origin, model, fileName, keyed }: Call): string {
  const [name, version] = model?.split('@') ?? []
  const options = [name && `model: ${text(name)}`, version && `version: ${text(version)}`].filter(Boolean)
  return `import { openAsBlob } from 'node:fs'
import { EdgebatchClient, predictions } from 'edgebatch/client'

const edgebatch = new EdgebatchClient({
  baseUrl: ${text(origin)},${keyed ? '\n  apiKey: process.env.EDGEBATCH_API_KEY,' : ''}
})
const photo = await openAsBlob(${text(fileName)})
const job = await edgebatch.predict(photo${options.length > 0 ? `, { ${options.join(', ')} }` : ''})
console.log(predictions(job))`
}

function python({ origin, model, fileName, keyed }: Call): string {
  return `${keyed ? 'import os\n' : ''}import requests

with open(${text(fileName)}, "rb") as photo:
    answer = requests.post(
        ${text(address(origin, model))},${keyed ? '\n        headers={"Authorization": f"Bearer {os.environ[\'EDGEBATCH_API_KEY\']}"},' : ''}
        files={"image": photo},
    )
answer.raise_for_status()
print(answer.json())`
}

function address(origin: string, model: string | undefined): string {
  const [name, version] = model?.split('@') ?? []
  const query = new URLSearchParams({ ...(name && { model: name }), ...(version && { version }) }).toString()
  return `${origin}/predict${query && `?${query}`}`
}

/** As a POSIX shell reads it: nothing between single quotes means anything. */
function shell(argument: string): string {
  return /^[\w./:=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}

/** JSON's strings are TypeScript's and Python's too. */
function text(value: string): string {
  return JSON.stringify(value)
}
