import { fileURLToPath } from 'node:url'
import { Server, type ServerCredentials, type ServiceDefinition, type sendUnaryData } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ProviderSchema } from '../schemas/provider-schema.ts'
import { providerSchemaMessage } from './schema-messages.ts'

/**
 * A provider without a cloud behind it. It serves the schema that it is given, and finds every configuration that fits it
 * valid. What would plan or change something is answered with UNIMPLEMENTED: that is for mock_provider.
 */
export function providerServer(schema: ProviderSchema, onShutdown: () => void): Server {
  const server = new Server({ 'grpc.max_send_message_length': -1 })
  const answer = (message: object) => (_call: unknown, reply: sendUnaryData<object>) => reply(null, message)
  const valid = answer({})
  server.addService(service('plugin.proto', 'tfplugin6.Provider'), {
    GetProviderSchema: answer(providerSchemaMessage(schema)),
    ValidateProviderConfig: valid,
    ValidateResourceConfig: valid,
    ValidateDataResourceConfig: valid,
    StopProvider: answer({}),
  })
  server.addService(service('health.proto', 'grpc.health.v1.Health'), {
    Check: answer({ status: 'SERVING' }),
  })
  server.addService(service('controller.proto', 'plugin.GRPCController'), {
    Shutdown: (_call: unknown, reply: sendUnaryData<object>) => {
      reply(null, {})
      onShutdown()
    },
  })
  return server
}

/** Listens on a Unix socket. */
export function listen(server: Server, socket: string, credentials: ServerCredentials): Promise<void> {
  return new Promise((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, credentials, (error) => (error === null ? resolve() : reject(error))),
  )
}

function service(file: string, name: string): ServiceDefinition {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return loadSync(path, { keepCase: true, enums: String, longs: Number })[name] as ServiceDefinition
}
