import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { PROJECT_ROOT } from '../../../local-stack/project-root.ts'
import { processEnv } from '../../support/process-env.ts'

/** What reached Cloudflare. */
export interface Deployed {
  /** The metadata of the Worker, as wrangler tells it. */
  metadata: {
    main_module: string
    compatibility_date: string
    compatibility_flags: string[]
    observability: unknown
    bindings: { name: string; type: string; text: string }[]
    keep_bindings: string[]
  }
  /** Content type and SHA-256 by module name. */
  modules: Record<string, [contentType: string, sha256: string]>
  crons: string[]
}

const ACCOUNT = '0123456789abcdef0123456789abcdef'
const NOT_FOUND = {
  success: false,
  errors: [{ code: 10090, message: 'not found' }],
  messages: [],
  result: null,
}

/** Runs `wrangler deploy` itself, for a Worker that there is not yet, against a server that takes all that it sends. */
export async function wranglerDeploy(home: string): Promise<Deployed> {
  const deployed: Partial<Deployed> = { crons: [] }
  const server = createServer(async (request, response) => {
    const path = request.url?.replace(/\?.*/, '') ?? ''
    const body = await buffer(request)
    if (request.method === 'PUT' && path.endsWith('/schedules')) deployed.crons = cronsIn(body)
    const type = request.headers['content-type'] ?? ''
    if (type.startsWith('multipart/')) Object.assign(deployed, await readUpload(body, type))
    const isMissing = request.method === 'GET' && /\/workers\/services\/[^/]+$/.test(path)
    response.writeHead(isMissing ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isMissing ? NOT_FOUND : success(path)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await deploy(`http://127.0.0.1:${port}/client/v4`, home)
  } finally {
    server.closeAllConnections()
    server.close()
  }
  return deployed as Deployed
}

function success(path: string): object {
  const result = path.endsWith('/secrets')
    ? []
    : { id: 'of-something', subdomain: 'account', deployments: [] }
  return { success: true, errors: [], messages: [], result }
}

async function deploy(api: string, home: string): Promise<void> {
  const wrangler = join(PROJECT_ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const { PATH = '' } = processEnv()
  const account = {
    CLOUDFLARE_API_TOKEN: 'token',
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    CLOUDFLARE_API_BASE_URL: api,
  }
  await promisify(execFile)(process.execPath, [wrangler, 'deploy'], {
    cwd: PROJECT_ROOT,
    env: { PATH, HOME: home, CI: 'true', NO_COLOR: '1', WRANGLER_SEND_METRICS: 'false', ...account },
  })
}

function cronsIn(body: Buffer): string[] {
  return (JSON.parse(body.toString()) as { cron: string }[]).map(({ cron }) => cron)
}

async function readUpload(body: Buffer, type: string): Promise<Pick<Deployed, 'metadata' | 'modules'>> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
  const modules: Deployed['modules'] = {}
  for (const [name, part] of form) {
    if (typeof part === 'string') continue
    modules[name] = [part.type, sha256(new Uint8Array(await part.arrayBuffer()))]
  }
  return { metadata: JSON.parse(String(form.get('metadata'))), modules }
}

export function sha256(contents: Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex')
}
