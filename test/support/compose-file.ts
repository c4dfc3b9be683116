import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'

export interface ComposeService {
  image?: string
  build?: { context?: string; target: string }
  command?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  networks?: string[]
  ports?: string[]
  depends_on?: string[] | Record<string, { condition: string }>
  profiles?: string[]
  stop_grace_period?: string
  restart?: string
  healthcheck?: { test: string[] }
}

export interface ComposeFile {
  services: Record<string, ComposeService>
  networks: Record<string, { internal?: boolean }>
  volumes: Record<string, unknown>
}

export function composeText(file: string): string {
  return readFileSync(join(PROJECT_ROOT, file), 'utf8')
}

/** As it stands there, variables not filled in. */
export function parseCompose(text: string): ComposeFile {
  return parse(text, { merge: true }) as ComposeFile
}

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
const VARIABLE = /\$\{(\w+)(?::([-?])([^}]*))?\}/g

export interface ComposeVariable {
  name: string
  /** Undefined: it has to be set. */
  default: string | undefined
}

export function variablesIn(text: string): ComposeVariable[] {
  return [...text.matchAll(VARIABLE)].map(([, name = '', operator, rest]) => ({
    name,
    default: operator === '-' ? rest : undefined,
  }))
}

/** docker-compose.yaml as Compose would read it beside that .env file. Throws where it would refuse. */
export function composeWith(env: string): ComposeFile {
  const values = readEnv(env)
  const filled = (text: string) =>
    text.replaceAll(VARIABLE, (_, name: string, operator: string | undefined, rest: string) => {
      const value = values[name] ?? (operator === '-' ? rest : undefined)
      if (value === undefined) throw new Error(`${name} is not set: ${rest}`)
      return value
    })
  return mapTexts(parseCompose(composeText('docker-compose.yaml')), filled) as ComposeFile
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mapTexts(one, map)]))
}

function readEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}
