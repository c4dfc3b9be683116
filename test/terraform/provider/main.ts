import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ServerCredentials } from '@grpc/grpc-js'
import type { ProviderSchema } from '../schemas/provider-schema.ts'
import { listen, providerServer } from './provider-server.ts'

/** The version of go-plugin's handshake, and of Terraform's plugin protocol. */
const [CORE_PROTOCOL, PLUGIN_PROTOCOL] = [1, 6]

/** Entry: the provider as Terraform starts one, from a folder that `terraform init -plugin-dir` was given. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { schema: { type: 'string' }, key: { type: 'string' }, cert: { type: 'string' } },
  })
  const { schema, key, cert } = values
  if (schema === undefined || key === undefined || cert === undefined)
    throw new Error('usage: main.ts --schema FILE.json --key FILE.pem --cert FILE.pem')
  // Only whoever holds the key of the certificate that Terraform put into the environment may call (auto-mTLS).
  const client = process.env.PLUGIN_CLIENT_CERT
  if (client === undefined) throw new Error('this is a plugin: it is started by terraform, not by people')
  const own = { private_key: readFileSync(key), cert_chain: readFileSync(cert) }
  const credentials = ServerCredentials.createSsl(Buffer.from(client), [own], true)
  const socket = join(tmpdir(), `stub-provider-${process.pid}.sock`)
  const stop = () => {
    rmSync(socket, { force: true })
    process.exit(0)
  }
  const server = providerServer(JSON.parse(readFileSync(schema, 'utf8')) as ProviderSchema, () =>
    server.tryShutdown(stop),
  )
  await listen(server, socket, credentials)
  process.on('SIGTERM', stop)
  // Terraform reads this line, and trusts this certificate alone.
  const certificate = certificateBody(own.cert_chain)
  process.stdout.write(`${CORE_PROTOCOL}|${PLUGIN_PROTOCOL}|unix|${socket}|grpc|${certificate}\n`)
}

/** DER in base64, without padding. */
function certificateBody(pem: Buffer): string {
  return pem
    .toString()
    .replace(/-----(BEGIN|END) CERTIFICATE-----|\s/g, '')
    .replace(/=+$/, '')
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})
